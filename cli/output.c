/*
 * Writing files: all of them, each whole, or none. Knows folders and names; not what is written.
 */
#define _POSIX_C_SOURCE 200809L
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_TRIES 100

/* A file on its way: its temporary name, empty when there is none on the disk. */
struct pending {
    const struct output *output;
    char temporary[64];
};

struct writing {
    struct tool *tool;
    const char *folder;
    int descriptor;   /* of the folder */
    bool made_folder; /* and it is to be removed again when the writing fails */
    struct pending *files;
    size_t count, renamed;
};

const char *output_block(const struct output *output, size_t block, size_t *size) {
    if (output->artifact != NULL)
        return flowrules_artifact_file_block(output->artifact, output->file, block, size);
    *size = output->bytes;
    return block == 0 ? output->text : NULL;
}

/* Tells what failed on a file of the folder, with errno. Always false. */
static bool failed(const struct writing *writing, const char *what, const char *name) {
    const char *reason = strerror(errno);
    tell_error(writing->tool, "cannot %s '%s%s%s': %s", what, writing->folder,
               name != NULL ? "/" : "", name != NULL ? name : "", reason);
    return false;
}

/* ---- before anything is written ------------------------------------------------------------ */

static bool is_plain_name(const char *name) {
    return name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static bool check_names(struct tool *tool, const struct output *outputs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!is_plain_name(outputs[i].name)) {
            tell_error(tool, "target '%s': '%s' can't be the name of a file", outputs[i].target,
                       outputs[i].name);
            return false;
        }
        for (size_t j = 0; j < i; j++)
            if (strcmp(outputs[i].name, outputs[j].name) == 0) {
                tell_error(tool, "targets '%s' and '%s' both yield a file '%s'; nothing is written",
                           outputs[j].target, outputs[i].target, outputs[i].name);
                return false;
            }
    }
    return true;
}

static bool open_folder(struct writing *writing) {
    if (mkdir(writing->folder, 0777) == 0)
        writing->made_folder = true;
    else if (errno != EEXIST)
        return failed(writing, "make the folder", NULL);
    writing->descriptor = open(writing->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return writing->descriptor >= 0 || failed(writing, "open the folder", NULL);
}

/* Renaming onto a folder would fail when other files are in place already. */
static bool check_places(const struct writing *writing) {
    for (size_t i = 0; i < writing->count; i++) {
        const char *name = writing->files[i].output->name;
        struct stat found;
        if (fstatat(writing->descriptor, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISDIR(found.st_mode)) {
            errno = EISDIR;
            return failed(writing, "write", name);
        }
    }
    return true;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Makes an empty file of a name that was free; the umask decides on the mode. */
static int make_temporary(const struct writing *writing, struct pending *file) {
    mode_t mode = file->output->executable ? 0777 : 0666;
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        snprintf(file->temporary, sizeof(file->temporary), ".flowrules-%ld-%zu-%d.tmp",
                 (long)getpid(), (size_t)(file - writing->files), i);
        int made = openat(writing->descriptor, file->temporary,
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (made >= 0)
            return made;
        if (errno != EEXIST)
            break;
    }
    file->temporary[0] = '\0';
    return -1;
}

static bool write_block(int descriptor, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t written = write(descriptor, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

static bool write_file(const struct writing *writing, struct pending *file) {
    const char *bytes;
    size_t size;
    bool good = true;
    int descriptor = make_temporary(writing, file);
    if (descriptor < 0)
        return failed(writing, "write", file->output->name);
    for (size_t i = 0; good && (bytes = output_block(file->output, i, &size)) != NULL; i++)
        good = write_block(descriptor, bytes, size);
    good = good && fsync(descriptor) == 0;
    int reason = errno;
    if (close(descriptor) != 0 && good) {
        good = false;
        reason = errno;
    }
    errno = reason;
    return good || failed(writing, "write", file->output->name);
}

static bool rename_files(struct writing *writing) {
    for (; writing->renamed < writing->count; writing->renamed++) {
        struct pending *file = &writing->files[writing->renamed];
        if (renameat(writing->descriptor, file->temporary, writing->descriptor,
                     file->output->name) != 0)
            return failed(writing, "replace", file->output->name);
        file->temporary[0] = '\0';
    }
    /* Not every file system can do this to a folder: that is no failure of the files. */
    return fsync(writing->descriptor) == 0 || errno == EINVAL || failed(writing, "write", NULL);
}

static bool write_all(struct writing *writing) {
    if (!open_folder(writing) || !check_places(writing))
        return false;
    for (size_t i = 0; i < writing->count; i++)
        if (!write_file(writing, &writing->files[i]))
            return false;
    return rename_files(writing);
}

static void clear_away(const struct writing *writing) {
    for (size_t i = 0; i < writing->count; i++)
        if (writing->files[i].temporary[0] != '\0')
            unlinkat(writing->descriptor, writing->files[i].temporary, 0);
    if (writing->made_folder && writing->renamed == 0)
        rmdir(writing->folder);
}

/* While files are on their way, signals that end the tool wait, so that no temporary is left. */
static void hold_signals(sigset_t *before) {
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGHUP);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigprocmask(SIG_BLOCK, &ending, before);
}

flowrules_status write_outputs(struct tool *tool, const char *folder, const struct output *outputs,
                               size_t count) {
    struct writing writing = {.tool = tool, .folder = folder, .descriptor = -1, .count = count};
    sigset_t before;
    if (!check_names(tool, outputs, count))
        return FLOWRULES_USAGE;
    writing.files = allocate(count, sizeof(*writing.files));
    for (size_t i = 0; i < count; i++)
        writing.files[i].output = &outputs[i];
    hold_signals(&before);
    bool written = write_all(&writing);
    if (!written)
        clear_away(&writing);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (writing.descriptor >= 0)
        close(writing.descriptor);
    free(writing.files);
    return written ? FLOWRULES_OK : FLOWRULES_IO;
}
