/*
 * SHA-256 against the examples of FIPS 180-4, and lengths around a block's.
 */
#include <string.h>

#include "sha256.h"
#include "unit.h"

static void hashes_are_those_of_the_standard(void) {
    static const struct {
        const char *text, *hash;
    } cases[] = {
        {"", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
        {"abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE="},
    };
    char hash[FR_SHA256_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fr_sha256_base64(cases[i].text, strlen(cases[i].text), hash);
        CU_ASSERT_STRING_EQUAL(hash, cases[i].hash);
    }
}

/* 55 bytes are padded to one block, 56 and 64 to two: the hashes of so many letters a. */
static void padding_fits_its_blocks(void) {
    static const struct {
        size_t size;
        const char *hash;
    } cases[] = {
        {55, "n0OQ+NMMLdkuyfCVtl4rmumwqSWlJY4kHJ8ekQ9zQxg="},
        {56, "s1Q5pKxvCUi21vnjxq8PX1kM4g8b3nCQ73lwaG7Gc4o="},
        {63, "fT50oF19sVvOStnsBljqmOPwbu7PFrTG//LaRX3cLzQ="},
        {64, "/+BU/nrgy23GXDr5th1SCfQ5hR20PQulmXM33xVGaOs="},
        {65, "Y1NhxIu56rFBmOduqKt/GkFoXWrWKqkUbTAdTxfrCuA="},
        {119, "MeulHDE6XAgiat8Y1KNZz9/Y0ugWsT9K+VL36mWE3Ps="},
        {120, "Lz0zVDLHC1gK8Ojhs2dKfAINaDql9zqq7f3FWvkEwhw="},
        {200, "wqkI2Y9d+Yet5BtfziEwZ++8wh7yJAISpB5UtefCiuU="},
    };
    char text[200], hash[FR_SHA256_TEXT];
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fr_sha256_base64(text, cases[i].size, hash);
        CU_ASSERT_STRING_EQUAL(hash, cases[i].hash);
    }
}

UNIT_SUITE(sha256) {
    static const struct unit_test tests[] = {
        {"hashes are those of the standard", hashes_are_those_of_the_standard},
        {"padding fits its blocks", padding_fits_its_blocks},
        {NULL, NULL}};
    unit_suite("sha256", tests);
}
