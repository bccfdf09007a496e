/*
 * SHA-256 (FIPS 180-4), for the hashes by which a page says which scripts and styles are its own.
 */
#ifndef FR_SHA256_H
#define FR_SHA256_H

#include <stddef.h>

/* The hash of bytes in base64 (RFC 4648, section 4), with its NUL. */
#define FR_SHA256_TEXT 45
void fr_sha256_base64(const char *bytes, size_t size, char text[FR_SHA256_TEXT]);

#endif
