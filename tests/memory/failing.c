/*
 * malloc and its like, in place of the C library's: they count, and one of them fails. So it is for
 * everything in the process: the library, the tool, libyaml, cJSON, expat, c-ares, stdio.
 *
 * Preloaded (FAILING_OUT names a folder), the process is forked at an allocation that no two others
 * with the same callers went before (FAILING_MOST: how many; 0: at each). In the child it fails;
 * the parent waits for its end and goes on. What the child printed is FOLDER/N.out and
 * FOLDER/N.err, how it ended FOLDER/ends, a line "N STATUS" each (-SIGNAL for one that a signal
 * ended). With FAILING_AT, that one fails in the process itself; "no allocation failed" where it
 * did not have so many.
 */
#define _GNU_SOURCE
#include "failing.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLERS      14
#define TABLE        65536u /* stacks that are told apart */
#define NUMBERS      1000000u
#define HANG_SECONDS 600u

/* What the C library calls its own.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static int counting, inside, forking;
static size_t number, fails_at, live, bytes, peak;
static unsigned most;
static uint32_t stacks[TABLE];
static unsigned char met[TABLE];   /* how often */
static unsigned char nth[NUMBERS]; /* of its callers, each allocation that was counted */

size_t failing_live(void) {
    return live;
}

size_t failing_bytes(void) {
    return bytes;
}

size_t failing_peak(void) {
    return peak;
}

static void take_block(void *block) {
    live += block != NULL;
    bytes += block != NULL ? malloc_usable_size(block) : 0;
    peak = bytes > peak ? bytes : peak;
}

static void leave_block(void *block) {
    live -= block != NULL;
    bytes -= block != NULL ? malloc_usable_size(block) : 0;
}

/* How many allocations had these callers, this one included. */
static unsigned count_stack(void) {
    void *callers[CALLERS];
    uint32_t hash = 2166136261u;
    int count = backtrace(callers, CALLERS);
    for (int i = 3; i < count; i++)
        hash = (hash ^ (uint32_t)((uintptr_t)callers[i] >> 1)) * 16777619u;
    hash |= hash == 0;
    size_t slot = hash % TABLE;
    for (size_t tries = 0; tries < TABLE && stacks[slot] != 0 && stacks[slot] != hash; tries++)
        slot = (slot + 1) % TABLE;
    stacks[slot] = hash;
    if (met[slot] < UINT8_MAX)
        met[slot]++;
    return met[slot];
}

/* ---- the child, in which it fails ------------------------------------------------------------ */

static int child_file(const char *ending) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%zu.%s", getenv("FAILING_OUT"), number, ending);
    return open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
}

/* What this stream has written so far is in the file of the parent, and belongs to it too. */
static void move_stream(int stream, const char *ending) {
    char text[4096];
    int file = child_file(ending);
    off_t end = lseek(stream, 0, SEEK_CUR), at = 0;
    ssize_t count;
    while (at < end && (count = pread(stream, text, sizeof text, at)) > 0) {
        if (at + count > end)
            count = (ssize_t)(end - at);
        if (write(file, text, (size_t)count) != count)
            _exit(99);
        at += count;
    }
    if (file < 0 || dup2(file, stream) < 0)
        _exit(99);
    close(file);
}

static void note_end(int status) {
    char line[64];
    int length = snprintf(line, sizeof line, "%zu %d\n", number,
                          WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
    char path[4096];
    snprintf(path, sizeof path, "%s/ends", getenv("FAILING_OUT"));
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file < 0 || write(file, line, (size_t)length) != length)
        _exit(99);
    close(file);
}

/* A child reads on in the files of its parent, which then reads on where it was. */
#define FILES 32

static void keep_places(off_t places[FILES]) {
    for (int file = 3; file < FILES; file++)
        places[file] = lseek(file, 0, SEEK_CUR);
}

static void restore_places(const off_t places[FILES]) {
    for (int file = 3; file < FILES; file++)
        if (places[file] >= 0)
            lseek(file, places[file], SEEK_SET);
}

/* True in the child. */
static int fork_here(void) {
    int status;
    off_t places[FILES];
    keep_places(places);
    pid_t child = fork();
    if (child < 0)
        _exit(99);
    if (child == 0) {
        counting = 0;
        alarm(HANG_SECONDS);
        move_stream(1, "out");
        move_stream(2, "err");
        return 1;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    restore_places(places);
    note_end(status);
    return 0;
}

/* ---- counting -------------------------------------------------------------------------------- */

static int fails(void) {
    int failed;
    if (!counting || inside)
        return 0;
    inside = 1;
    number++;
    if (forking) {
        failed = (most == 0 || count_stack() <= most) && fork_here();
    } else {
        if (fails_at == 0 && number < NUMBERS)
            nth[number] = (unsigned char)count_stack();
        failed = number == fails_at;
    }
    if (failed && getenv("FAILING_SHOW") != NULL) { /* who asked for it, to find a fault */
        void *callers[CALLERS];
        backtrace_symbols_fd(callers, backtrace(callers, CALLERS), 2);
    }
    inside = 0;
    if (failed)
        errno = ENOMEM;
    return failed;
}

void failing_begin(size_t at) {
    memset(stacks, 0, sizeof stacks);
    memset(met, 0, sizeof met);
    number = 0;
    peak = bytes;
    fails_at = at;
    counting = 1;
}

size_t failing_end(void) {
    counting = 0;
    return number;
}

int failing_is_new(size_t which, unsigned often) {
    return which >= NUMBERS || nth[which] <= often;
}

__attribute__((constructor)) static void begin(void) {
    void *callers[2];
    const char *often = getenv("FAILING_MOST"), *at = getenv("FAILING_AT");
    backtrace(callers, 2); /* which loads what it needs */
    if (at != NULL)
        failing_begin(strtoul(at, NULL, 10));
    if (getenv("FAILING_OUT") == NULL)
        return;
    forking = 1;
    most = often != NULL ? (unsigned)strtoul(often, NULL, 10) : 2;
    failing_begin(0);
}

__attribute__((destructor)) static void end(void) {
    static const char words[] = "no allocation failed\n";
    if (counting && number < fails_at && write(2, words, sizeof words - 1) < 0)
        _exit(99);
}

/* ---- in place of the C library's ------------------------------------------------------------- */

void *malloc(size_t size) {
    void *block = fails() ? NULL : __libc_malloc(size);
    take_block(block);
    return block;
}

void *calloc(size_t count, size_t size) {
    void *block = fails() ? NULL : __libc_calloc(count, size);
    take_block(block);
    return block;
}

void *realloc(void *block, size_t size) {
    if (fails())
        return NULL;
    leave_block(block);
    void *moved = __libc_realloc(block, size);
    take_block(moved == NULL && size > 0 ? block : moved);
    return moved;
}

void *aligned_alloc(size_t alignment, size_t size) {
    void *block = fails() ? NULL : __libc_memalign(alignment, size);
    take_block(block);
    return block;
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = aligned_alloc(alignment, size);
    return *block == NULL ? ENOMEM : 0;
}

void free(void *block) {
    leave_block(block);
    __libc_free(block);
}
