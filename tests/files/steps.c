/*
 * Preloaded before the tool: counts the system calls that change files, and at call number
 * STEPS_AT kills the process (STEPS=kill), or lets the call fail with EIO (STEPS=fail) or, as on a
 * full disk, with ENOSPC (STEPS=full); the file STEPS_STRUCK is then there. With STEPS=short, each
 * write takes only some of the bytes. With STEPS=fold, a name in capitals is found where the one in
 * small letters is; with STEPS=sync, no file system can be synced.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int count;

/* Is it time? Then this call fails, or is the last thing that the process sees. */
static int strikes(void) {
    const char *how = getenv("STEPS"), *at = getenv("STEPS_AT");
    const char *struck = getenv("STEPS_STRUCK");
    if (how == NULL || at == NULL || ++count != strtol(at, NULL, 10))
        return 0;
    if (struck != NULL)
        close(open(struck, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (strcmp(how, "kill") == 0)
        kill(getpid(), SIGKILL);
    errno = strcmp(how, "full") == 0 ? ENOSPC : EIO;
    return 1;
}

#define REAL(name) (__extension__(__typeof__(&(name))) dlsym(RTLD_NEXT, #name))

int openat(int folder, const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return strikes() ? -1 : REAL(openat)(folder, path, flags, mode);
}

ssize_t write(int file, const void *bytes, size_t size) {
    const char *how = getenv("STEPS");
    if (file > 2 && strikes())
        return -1;
    if (how != NULL && strcmp(how, "short") == 0 && size > 1)
        size = (size + 1) / 2;
    return REAL(write)(file, bytes, size);
}

int fsync(int file) {
    return strikes() ? -1 : REAL(fsync)(file);
}

int syncfs(int file) {
    const char *how = getenv("STEPS");
    if (how == NULL || strcmp(how, "sync") != 0)
        return strikes() ? -1 : REAL(syncfs)(file);
    errno = EIO;
    return -1;
}

int mkdir(const char *path, mode_t mode) {
    return strikes() ? -1 : REAL(mkdir)(path, mode);
}

int renameat(int from, const char *old, int to, const char *new) {
    return strikes() ? -1 : REAL(renameat)(from, old, to, new);
}

int linkat(int from, const char *old, int to, const char *new, int flags) {
    return strikes() ? -1 : REAL(linkat)(from, old, to, new, flags);
}

int unlinkat(int folder, const char *path, int flags) {
    return strikes() ? -1 : REAL(unlinkat)(folder, path, flags);
}

int fstatat(int folder, const char *path, struct stat *found, int flags) {
    const char *how = getenv("STEPS");
    char small[64];
    size_t length = strlen(path);
    if (how == NULL || strcmp(how, "fold") != 0 || length >= sizeof(small))
        return REAL(fstatat)(folder, path, found, flags);
    for (size_t i = 0; i <= length; i++)
        small[i] = (char)tolower((unsigned char)path[i]);
    return REAL(fstatat)(folder, small, found, flags);
}
