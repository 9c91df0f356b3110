/*
 * The documents that are generated from gate86's own tables. Each function writes one whole Markdown file; what it
 * writes depends on the tables alone, so that two runs give the same bytes.
 */
#ifndef GATE86_TOOLS_DOCUMENT_H
#define GATE86_TOOLS_DOCUMENT_H

#include <stdio.h>

void document_instructions(FILE *out);
void document_msrs(FILE *out);
void document_cpu_models(FILE *out);
void document_fault_reasons(FILE *out);

#endif
