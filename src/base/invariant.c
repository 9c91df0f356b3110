/* The end of the road for our own bugs. */
#include "base/invariant.h"

#include <stdio.h>
#include <stdlib.h>

void invariant_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "gate86: internal error: '%s' does not hold at %s:%d\n", condition, file, line);
    abort();
}
