/* Raw images: byte N of the medium is byte N of the file. */
#ifndef GATE86_STORAGE_RAW_H
#define GATE86_STORAGE_RAW_H

#include "storage/medium_class.h"

/* Takes the open file over, also when it fails. */
MUST_USE struct medium *raw_open(struct host_file *file, bool writable, struct error *error);

#endif
