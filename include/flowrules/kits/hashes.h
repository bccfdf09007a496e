/* flowrules: hashes for names and keys that must be the same on every machine. */
#ifndef FLOWRULES_KITS_HASHES_H
#define FLOWRULES_KITS_HASHES_H

#include <stddef.h>
#include <stdint.h>

#include "../flowrules.h"

#ifdef __cplusplus
extern "C" {
#endif

/* FNV-1a with 64 bits. */
#define FLOWRULES_HASH_BEGIN UINT64_C(0xcbf29ce484222325)
FLOWRULES_API uint64_t flowrules_hash_bytes(uint64_t hash, const void *bytes, size_t size);
/* A number as eight bytes, the lowest first. */
FLOWRULES_API uint64_t flowrules_hash_number(uint64_t hash, uint64_t number);
/* Mixes the bits of a hash again, for uses of a part of them (MurmurHash3's finalizer). */
FLOWRULES_API uint64_t flowrules_hash_spread(uint64_t hash);

#ifdef __cplusplus
}
#endif

#endif
