/* `gate86 image`: look at disk images, make them, convert them. */
#ifndef GATE86_MAIN_IMAGE_H
#define GATE86_MAIN_IMAGE_H

#include "base/error.h"
#include "main/options.h"
#include "storage/medium.h"

/* The words that follow `image`; returns the exit status (exit_status.h). Does not return when a signal ended it. */
int image_main(int count, char *const *words);

/* The sub-commands: the words that follow their names. On failure *error is set. */
MUST_USE bool image_info(int count, char *const *words, struct error *error);
MUST_USE bool image_create(int count, char *const *words, struct error *error);
MUST_USE bool image_convert(int count, char *const *words, struct error *error);

/* An option's value as a format: ERROR_USAGE names the formats. */
MUST_USE bool image_option_format(const struct options *options, enum medium_format *format,
                                  struct error *error);

/* What a name ending in .qcow2 says; raw for all others. */
enum medium_format image_format_by_name(const char *path);

#endif
