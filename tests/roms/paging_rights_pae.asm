; Rights of pages, and accessed and dirty bits, in PAE tables: SDM 3A 4.6, 4.8, 5.11.
%include "lib/rom.inc"
%include "lib/paging.inc"
%include "lib/paging_rights.inc"

ALL_RIGHTS PAE
ALL_LARGE_RIGHTS PAE

END_OF_CHECKS
