/*
 * Writing files: all of them, each whole, or none. Knows folders and names; not what is written.
 * docs/FILES.md has the order of the steps, and what is left when one of them is the last.
 */
#define _GNU_SOURCE /* syncfs */
#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manifest.h"
#include "text.h"

#define TEMPORARY_TRIES  100
#define TEMPORARY_PREFIX ".flowrules-"
#define TEMPORARY_SUFFIX ".tmp"
#define TEMPORARY_SIZE   64
#define SYNCED_ALONE     64 /* so many files, and no more, are synced to the disk one by one */

/* One name of the folder that gets another file, or none. */
struct change {
    const char *name;
    const struct output *output; /* NULL: the file is removed */
    uint64_t hash;               /* of the new bytes */
    char fresh[TEMPORARY_SIZE];  /* where the new file is; empty when there is none on the disk */
    char kept[TEMPORARY_SIZE];   /* another name of the file that was there; likewise */
    bool existed, done;
};

struct writing {
    struct tool *tool;
    const char *folder;
    struct delivery *delivery;
    char *policy;     /* as the folder's manifest knows it */
    int held;         /* by hold_folder, or -1 */
    int descriptor;   /* of the folder */
    bool made_folder; /* and it is to be removed again when the writing fails */
    bool locked;      /* nobody else writes here */
    bool waiting;     /* signals are, and these were not before: */
    sigset_t signals;
    struct change *changes; /* the new files first */
    struct names names;     /* of the changes, by their numbers */
    size_t count, made;     /* changes; new files among them */
    unsigned temporaries;   /* that were made so far */
    struct manifest before, between, after;
    struct output texts[2]; /* of the manifests between and after */
    struct change marks[2]; /* which take the manifest's place before and behind the changes */
};

const char *output_block(const struct output *output, size_t block, size_t *size) {
    if (output->artifact != NULL)
        return flowrules_artifact_file_block(output->artifact, output->file, block, size);
    *size = output->bytes;
    return block == 0 ? output->text : NULL;
}

const char *folder_separator(const char *folder) {
    size_t length = strlen(folder);
    return length > 0 && folder[length - 1] == '/' ? "" : "/";
}

void print_output(const struct output *output) {
    const char *bytes;
    size_t size;
    for (size_t i = 0; (bytes = output_block(output, i, &size)) != NULL; i++)
        fwrite(bytes, 1, size, stdout);
}

void print_file_line(const char *verb, const char *folder, const char *name) {
    printf("%s ", verb);
    print_user(stdout, folder);
    fputs(folder_separator(folder), stdout);
    print_user(stdout, name);
    putchar('\n');
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

static struct change *add_change(struct writing *writing, const char *name) {
    struct change *change = &writing->changes[writing->count++];
    *change = (struct change){.name = name};
    names_add(&writing->names, name);
    return change;
}

static uint64_t hash_output(const struct output *output) {
    const char *bytes;
    size_t size;
    uint64_t hash = HASH_BEGIN;
    for (size_t i = 0; (bytes = output_block(output, i, &size)) != NULL; i++)
        hash = hash_bytes(hash, bytes, size);
    return hash;
}

static bool check_name(const struct writing *writing, const struct output *output) {
    if (!is_plain_name(output->name)) {
        tell_error(writing->tool, "target '%s': '%s' is not a valid name for a file",
                   output->target, output->name);
        return false;
    }
    size_t earlier = names_find(&writing->names, output->name);
    if (earlier != NO_NAME)
        tell_error(writing->tool, "targets '%s' and '%s' both have a file '%s'; nothing is written",
                   writing->changes[earlier].output->target, output->target, output->name);
    return earlier == NO_NAME;
}

static bool list_changes(struct writing *writing, const struct output *outputs, size_t count) {
    writing->changes = allocate(count, sizeof(*writing->changes));
    for (size_t i = 0; i < count; i++) {
        if (!check_name(writing, &outputs[i]))
            return false;
        struct change *change = add_change(writing, outputs[i].name);
        change->output = &outputs[i];
        change->hash = writing->delivery != NULL ? hash_output(&outputs[i]) : 0;
    }
    writing->made = count;
    return true;
}

static bool open_folder(struct writing *writing) {
    if (writing->held >= 0) { /* which shares the lock */
        writing->descriptor = fcntl(writing->held, F_DUPFD_CLOEXEC, 0);
        return writing->descriptor >= 0 || failed(writing, "open the folder", NULL);
    }
    if (mkdir(writing->folder, 0777) == 0)
        writing->made_folder = true;
    else if (errno != EEXIST)
        return failed(writing, "make the folder", NULL);
    writing->descriptor = open(writing->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return writing->descriptor >= 0 || failed(writing, "open the folder", NULL);
}

static bool is_temporary(const char *name) {
    size_t length = strlen(name), prefix = strlen(TEMPORARY_PREFIX),
           suffix = strlen(TEMPORARY_SUFFIX);
    return length > prefix + suffix && strncmp(name, TEMPORARY_PREFIX, prefix) == 0 &&
           strcmp(name + length - suffix, TEMPORARY_SUFFIX) == 0;
}

static bool lock_folder(int descriptor) {
    int locked;
    do
        locked = flock(descriptor, LOCK_EX);
    while (locked != 0 && errno == EINTR);
    return locked == 0;
}

int hold_folder(const char *folder) {
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || lock_folder(descriptor))
        return descriptor;
    close(descriptor);
    return -1;
}

/*
 * Waits until no other flowrules writes here, and removes what one that was killed has left. Some
 * file systems have no locks: there the temporary files of another one may be in use, and stay.
 */
static void own_folder(struct writing *writing) {
    writing->locked = lock_folder(writing->descriptor);
    int again = writing->locked ? dup(writing->descriptor) : -1;
    DIR *list = again >= 0 ? fdopendir(again) : NULL;
    const struct dirent *entry;
    while (list != NULL && (entry = readdir(list)) != NULL)
        if (is_temporary(entry->d_name))
            unlinkat(writing->descriptor, entry->d_name, 0);
    if (list != NULL)
        closedir(list);
    else if (again >= 0)
        close(again);
}

/* Renaming onto a folder would fail when other files are in place already. */
static bool check_places(const struct writing *writing) {
    for (size_t i = 0; i < writing->count; i++) {
        const char *name = writing->changes[i].name;
        struct stat found;
        if (fstatat(writing->descriptor, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISDIR(found.st_mode)) {
            errno = EISDIR;
            return failed(writing, "write", name);
        }
    }
    return true;
}

/* ---- what the manifest knows --------------------------------------------------------------- */

/* Is the file at this name one that nobody may touch? */
static bool is_foreign(const struct writing *writing, const struct change *change) {
    struct stat found;
    uint64_t hash;
    if (manifest_find(&writing->before, change->name) != NULL ||
        fstatat(writing->descriptor, change->name, &found, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    return !hash_file(writing->descriptor, change->name, &hash) || hash != change->hash;
}

static bool check_foreign(const struct writing *writing) {
    const char *first = NULL;
    size_t more = 0;
    for (size_t i = 0; !writing->delivery->replace && i < writing->count; i++)
        if (is_foreign(writing, &writing->changes[i])) {
            more += first != NULL;
            first = first != NULL ? first : writing->changes[i].name;
        }
    if (first == NULL)
        return true;
    char others[40] = "";
    if (more > 0)
        snprintf(others, sizeof(others), ", and %zu more", more);
    tell_error(writing->tool,
               "'%s/%s'%s: flowrules did not write this file here; nothing is written. Move it "
               "away, or give --replace to replace it",
               writing->folder, first, others);
    return false;
}

/* Of what is replaced: files of another policy, and those that somebody edited. */
static void warn_of_replaced(const struct writing *writing) {
    for (size_t i = 0; i < writing->count; i++) {
        const struct change *change = &writing->changes[i];
        const struct manifest_entry *entry = manifest_find(&writing->before, change->name);
        uint64_t hash;
        if (entry == NULL)
            continue;
        if (strcmp(entry->policy, writing->policy) != 0)
            tell_warning(writing->tool, "'%s/%s' was made from '%s' before", writing->folder,
                         change->name, entry->policy);
        else if (!entry->changing && hash_file(writing->descriptor, change->name, &hash) &&
                 hash != entry->hash && hash != change->hash)
            tell_warning(writing->tool,
                         "'%s/%s' was edited since flowrules wrote it; the edit is replaced",
                         writing->folder, change->name);
    }
}

/* Was this file of the policy made for what is delivered now? */
static bool is_of_delivery(const struct writing *writing, const struct manifest_entry *entry) {
    const struct names *targets = writing->delivery->targets;
    return strcmp(entry->policy, writing->policy) == 0 &&
           (targets != NULL ? names_find(targets, entry->target) != NO_NAME
                            : strcmp(entry->target, REPORT_TARGET) != 0);
}

/* Plans to remove a file that is no longer made, unless somebody edited it; false on failure. */
static bool plan_removal(struct writing *writing, const struct manifest_entry *entry) {
    struct stat found;
    uint64_t hash = 0;
    if (fstatat(writing->descriptor, entry->name, &found, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || failed(writing, "look at", entry->name);
    bool regular = S_ISREG(found.st_mode);
    if (regular && !hash_file(writing->descriptor, entry->name, &hash))
        return failed(writing, "read", entry->name);
    if (regular && (entry->changing || hash == entry->hash))
        add_change(writing, entry->name);
    else
        tell_warning(writing->tool,
                     "'%s/%s' is no longer made, but was edited since flowrules wrote it, so it is "
                     "kept; remove it if nothing needs it",
                     writing->folder, entry->name);
    return true;
}

static bool plan_removals(struct writing *writing) {
    for (size_t i = 0; i < writing->before.count; i++) {
        const struct manifest_entry *entry = &writing->before.entries[i];
        if (names_find(&writing->names, entry->name) == NO_NAME && is_of_delivery(writing, entry) &&
            !plan_removal(writing, entry))
            return false;
    }
    return true;
}

/* Is the file there, or to be there? What is gone without our doing is forgotten. */
static bool is_kept(const struct writing *writing, const struct manifest_entry *entry) {
    struct stat found;
    return fstatat(writing->descriptor, entry->name, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Fills the manifests for the time of the changes, and for behind them. */
static void fill_manifests(struct writing *writing) {
    for (size_t i = 0; i < writing->before.count; i++) {
        const struct manifest_entry *entry = &writing->before.entries[i];
        if (names_find(&writing->names, entry->name) != NO_NAME || !is_kept(writing, entry))
            continue;
        manifest_put(&writing->between, entry);
        manifest_put(&writing->after, entry);
    }
    for (size_t i = 0; i < writing->count; i++) {
        const struct change *change = &writing->changes[i];
        const struct output *output = change->output;
        const struct manifest_entry *old = manifest_find(&writing->before, change->name);
        struct manifest_entry entry = {
            .name = (char *)(uintptr_t)change->name,
            .policy = writing->policy,
            .target = (char *)(uintptr_t)(output != NULL ? output->target : old->target),
            .hash = output != NULL ? change->hash : old->hash,
            .changing = true};
        manifest_put(&writing->between, &entry);
        entry.changing = false;
        if (output != NULL)
            manifest_put(&writing->after, &entry);
    }
}

/* Warns of targets whose files an earlier writing left between two versions. */
static void warn_of_mixed(const struct writing *writing) {
    struct names told = {0};
    for (size_t i = 0; i < writing->after.count; i++) {
        const struct manifest_entry *entry = &writing->after.entries[i];
        if (!entry->changing || names_find(&told, entry->target) != NO_NAME)
            continue;
        names_add(&told, entry->target);
        bool report = strcmp(entry->target, REPORT_TARGET) == 0;
        tell_warning(writing->tool,
                     "an earlier run that wrote into '%s' was interrupted: the files of %s%s%s may "
                     "have two versions; %s it from '%s' again",
                     writing->folder, report ? "the report" : "target '",
                     report ? "" : entry->target, report ? "" : "'", report ? "write" : "render",
                     entry->policy);
    }
    names_free(&told);
}

/* ---- writing ------------------------------------------------------------------------------- */

static void name_temporary(struct writing *writing, char name[TEMPORARY_SIZE]) {
    snprintf(name, TEMPORARY_SIZE, TEMPORARY_PREFIX "%ld-%u" TEMPORARY_SUFFIX, (long)getpid(),
             writing->temporaries++);
}

/* Makes an empty file of a name that was free; the umask decides on a mode that is not given. */
static int make_temporary(struct writing *writing, struct change *change) {
    mode_t mode = change->output->executable ? 0777 : 0666;
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        name_temporary(writing, change->fresh);
        int made = openat(writing->descriptor, change->fresh,
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (made >= 0 && change->output->mode != 0)
            (void)fchmod(made, (mode_t)change->output->mode); /* as well as it can be */
        if (made >= 0)
            return made;
        if (errno != EEXIST)
            break;
    }
    change->fresh[0] = '\0';
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

/* A sync of each of many files would take most of the time: then the file system is synced once. */
static bool are_many(const struct writing *writing) {
    return writing->made > SYNCED_ALONE;
}

static bool write_file(struct writing *writing, struct change *change) {
    const char *bytes;
    size_t size;
    bool good = true;
    int descriptor = make_temporary(writing, change);
    if (descriptor < 0)
        return failed(writing, "write", change->name);
    for (size_t i = 0; good && (bytes = output_block(change->output, i, &size)) != NULL; i++)
        good = write_block(descriptor, bytes, size);
    good = good && (are_many(writing) || fsync(descriptor) == 0);
    int reason = errno;
    if (close(descriptor) != 0 && good) {
        good = false;
        reason = errno;
    }
    errno = reason;
    return good || failed(writing, "write", change->name);
}

/* Are two names that differ in capitals one file in this folder? */
static bool check_pair(const struct writing *writing, const struct change *one,
                       const struct change *other) {
    char capital[TEMPORARY_SIZE];
    struct stat found;
    snprintf(capital, sizeof(capital), ".F%s", one->fresh + 2);
    if (fstatat(writing->descriptor, capital, &found, AT_SYMLINK_NOFOLLOW) != 0)
        return true;
    tell_error(writing->tool,
               "'%s' and '%s' are the same file in '%s', since its file system ignores "
               "upper and lower case; nothing is written. Rename target '%s' or '%s'",
               one->name, other->name, writing->folder, one->output->target, other->output->target);
    return false;
}

/* The first two names tell of the folder, and so of all. */
static bool check_letters(const struct writing *writing) {
    struct names letters = {.any_case = true};
    size_t i = 0, earlier = 0;
    for (; i < writing->made; i++)
        if ((earlier = names_add(&letters, writing->changes[i].name)) < i)
            break;
    names_free(&letters);
    return i == writing->made ||
           check_pair(writing, &writing->changes[earlier], &writing->changes[i]);
}

/* ---- the changes, and back again ------------------------------------------------------------ */

/* Gives the file that is there a second name, where the file system can. */
static void keep_old(struct writing *writing, struct change *change) {
    struct stat found;
    change->existed = fstatat(writing->descriptor, change->name, &found, AT_SYMLINK_NOFOLLOW) == 0;
    for (int i = 0; change->existed && i < TEMPORARY_TRIES; i++) {
        name_temporary(writing, change->kept);
        if (linkat(writing->descriptor, change->name, writing->descriptor, change->kept, 0) == 0)
            return;
        change->kept[0] = '\0';
        if (errno != EEXIST)
            return;
    }
}

static bool make_change(struct writing *writing, struct change *change) {
    int folder = writing->descriptor;
    bool removes = change->output == NULL;
    if ((removes ? unlinkat(folder, change->name, 0)
                 : renameat(folder, change->fresh, folder, change->name)) != 0)
        return failed(writing, removes ? "remove" : "replace", change->name);
    change->fresh[0] = '\0';
    change->done = true;
    return true;
}

/* Not every file system can do this to a folder: that is no failure of the files. */
static bool sync_folder(const struct writing *writing) {
    if (fsync(writing->descriptor) == 0 || errno == EINVAL)
        return true;
    if (writing->delivery != NULL)
        return failed(writing, "write", NULL);
    const char *reason = strerror(errno); /* a single file is not put back */
    tell_error(writing->tool,
               "'%s%s%s' is written, but a power failure may still undo it: cannot sync its "
               "folder: %s",
               writing->folder, folder_separator(writing->folder), writing->changes[0].name,
               reason);
    return false;
}

/* Puts back what was there; false when that can't be done. */
static bool undo_change(const struct writing *writing, struct change *change) {
    int folder = writing->descriptor;
    if (!change->done)
        return true;
    if (change->existed
            ? change->kept[0] == '\0' || renameat(folder, change->kept, folder, change->name) != 0
            : unlinkat(folder, change->name, 0) != 0)
        return false;
    change->kept[0] = '\0';
    change->done = false;
    return true;
}

static void undo_changes(struct writing *writing) {
    bool back = undo_change(writing, &writing->marks[1]);
    for (size_t i = writing->count; i-- > 0;)
        back = undo_change(writing, &writing->changes[i]) && back;
    /* The mark that files are changing goes last, and stays where one could not be put back. */
    back = back && fsync(writing->descriptor) == 0 && undo_change(writing, &writing->marks[0]);
    if (!back)
        tell_error(writing->tool,
                   "the files in '%s' now have two versions, as its '%s' says; render again",
                   writing->folder, MANIFEST_NAME);
}

/* The mark, all changes, the mark off: each on the disk before the next begins. */
static bool make_changes(struct writing *writing) {
    bool good = true, marked = writing->delivery != NULL;
    for (size_t i = 0; marked && i < writing->count; i++)
        keep_old(writing, &writing->changes[i]);
    if (marked) {
        keep_old(writing, &writing->marks[0]);
        good = make_change(writing, &writing->marks[0]) && sync_folder(writing);
    }
    for (size_t i = 0; good && i < writing->count; i++)
        good = make_change(writing, &writing->changes[i]);
    good = good && sync_folder(writing);
    if (good && marked) {
        keep_old(writing, &writing->marks[1]);
        good = make_change(writing, &writing->marks[1]) && sync_folder(writing);
    }
    if (!good && marked)
        undo_changes(writing);
    return good;
}

/* ---- all of it ----------------------------------------------------------------------------- */

/* Before anything is changed, since there may be no memory for it then. */
static void list_removed(const struct writing *writing) {
    for (size_t i = 0; i < writing->count; i++)
        if (writing->changes[i].output == NULL) {
            size_t size = strlen(writing->changes[i].name) + 1;
            text_list_add(&writing->delivery->removed,
                          memcpy(allocate(size, 1), writing->changes[i].name, size));
        }
}

static bool plan_delivery(struct writing *writing) {
    writing->policy = manifest_policy(writing->folder, writing->delivery->policy);
    if (!manifest_read(&writing->before, writing->tool, writing->folder, writing->descriptor))
        return false;
    writing->changes = reallocate(writing->changes, writing->made + writing->before.count,
                                  sizeof(*writing->changes));
    if (!check_foreign(writing))
        return false;
    warn_of_replaced(writing);
    if (!plan_removals(writing))
        return false;
    list_removed(writing);
    fill_manifests(writing);
    warn_of_mixed(writing);
    struct manifest *const manifests[] = {&writing->between, &writing->after};
    for (size_t i = 0; i < 2; i++) {
        char *text = manifest_text(manifests[i]);
        writing->texts[i] = (struct output){.text = text, .bytes = strlen(text)};
        writing->marks[i] = (struct change){.name = MANIFEST_NAME, .output = &writing->texts[i]};
    }
    return true;
}

/* While files are on their way, signals that end the tool wait, so that no temporary is left. */
static void hold_signals(struct writing *writing) {
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGHUP);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    writing->waiting = sigprocmask(SIG_BLOCK, &ending, &writing->signals) == 0;
}

/* Every new file, whole and on the disk, under another name. */
static bool write_fresh(struct writing *writing) {
    for (size_t i = 0; i < writing->made; i++)
        if (!write_file(writing, &writing->changes[i]))
            return false;
    for (size_t i = 0; writing->delivery != NULL && i < 2; i++)
        if (!write_file(writing, &writing->marks[i]))
            return false;
    return !are_many(writing) || syncfs(writing->descriptor) == 0 || failed(writing, "write", NULL);
}

static bool write_all(struct writing *writing) {
    bool delivered = writing->delivery != NULL;
    if (!open_folder(writing))
        return false;
    own_folder(writing);
    hold_signals(writing);
    if (!check_places(writing) || (delivered && !plan_delivery(writing)))
        return false;
    return write_fresh(writing) && check_letters(writing) && make_changes(writing);
}

static void clear_change(const struct writing *writing, const struct change *change) {
    if (change->fresh[0] != '\0')
        unlinkat(writing->descriptor, change->fresh, 0);
    if (change->kept[0] != '\0')
        unlinkat(writing->descriptor, change->kept, 0);
}

static void clear_away(const struct writing *writing, bool written) {
    for (size_t i = 0; i < writing->count; i++)
        clear_change(writing, &writing->changes[i]);
    for (size_t i = 0; i < 2; i++)
        clear_change(writing, &writing->marks[i]);
    if (writing->made_folder && !written)
        rmdir(writing->folder); /* which fails where a file is in it */
}

void delivery_free(struct delivery *delivery) {
    for (size_t i = 0; i < delivery->removed.count; i++)
        free((char *)(uintptr_t)delivery->removed.items[i]);
    free(delivery->removed.items);
}

static void free_writing(struct writing *writing) {
    if (writing->descriptor >= 0)
        close(writing->descriptor);
    manifest_free(&writing->before);
    manifest_free(&writing->between);
    manifest_free(&writing->after);
    free((char *)(uintptr_t)writing->texts[0].text);
    free((char *)(uintptr_t)writing->texts[1].text);
    free(writing->changes);
    names_free(&writing->names);
    free(writing->policy);
}

static flowrules_status write_changes(struct writing *writing, const struct output *outputs,
                                      size_t count) {
    if (!list_changes(writing, outputs, count)) {
        free_writing(writing);
        return FLOWRULES_USAGE;
    }
    bool written = write_all(writing);
    clear_away(writing, written);
    if (writing->waiting)
        sigprocmask(SIG_SETMASK, &writing->signals, NULL);
    free_writing(writing);
    return written ? FLOWRULES_OK : FLOWRULES_IO;
}

flowrules_status write_outputs(struct tool *tool, const char *folder, const struct output *outputs,
                               size_t count, struct delivery *delivery) {
    struct writing writing = {
        .tool = tool, .folder = folder, .delivery = delivery, .held = -1, .descriptor = -1};
    return write_changes(&writing, outputs, count);
}

flowrules_status write_held(struct tool *tool, const char *folder, int held,
                            const struct output *output) {
    struct writing writing = {.tool = tool, .folder = folder, .held = held, .descriptor = -1};
    return write_changes(&writing, output, 1);
}
