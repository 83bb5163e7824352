/* CRC-32 as in gzip, PNG and Ethernet. */
#ifndef CRC32_H
#define CRC32_H

#include <stddef.h>
#include <stdint.h>

/* crc: 0, or what the bytes before gave. */
uint32_t crc32(uint32_t crc, const void *in, size_t n);

#endif
