/* The host's byte order is part of the contract of base/bits.h. */
#include "base/bits.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "gate86 needs a little-endian host");
