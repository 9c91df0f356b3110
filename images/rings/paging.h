/* Page tables: the kernel's 4 MiB for ring 0, the user program's pages for ring 3, all else absent. */
#ifndef IMAGES_RINGS_PAGING_H
#define IMAGES_RINGS_PAGING_H

/* Linear addresses equal physical ones. Page 0 is absent, so that null pointers are found out. */
void paging_start(void);

#endif
