/* A disk that is full from the Nth write on: preloaded, it lets writes below one folder fail with ENOSPC.
   Or one on which nothing can be changed: whatever would change it fails with an error of choice. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static long room = LONG_MAX;
static long writes = 0;
static int denied = 0;

/* Let `count` more writes below a folder succeed. */
void full_disk_after(const char *below, long count) {
    strncpy(folder, below, sizeof folder - 1);
    room = count;
    writes = 0;
}

/* Let whatever would change the folder fail with an error from now on; 0: with none. */
void full_disk_denied(int error) { denied = error; }

/* Return how many writes were tried since. */
long full_disk_writes(void) { return writes; }

static int below(const char *path) {
    size_t length = strlen(folder);
    return length && strncmp(path, folder, length) == 0 && path[length] == '/';
}

/* Return whether there is no room for one more write. */
static int full(void) {
    if (__sync_fetch_and_add(&writes, 1) < room) return 0;
    errno = ENOSPC;
    return 1;
}

static int full_for(int file) {
    char link[64], path[PATH_MAX];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length < 0) return 0;
    path[length] = 0;
    return below(path) && full();
}

static int below_at(int at, const char *path) {
    char whole[2 * PATH_MAX];
    if (path[0] == '/') snprintf(whole, sizeof whole, "%s", path);
    else {
        char base[PATH_MAX];
        if (at == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
            ssize_t length = readlink(link, base, sizeof base - 1);
            if (length < 0) return 0;
            base[length] = 0;
        }
        snprintf(whole, sizeof whole, "%s/%s", base, path);
    }
    return below(whole);
}

static int full_at(int at, const char *path) { return below_at(at, path) && full(); }

/* Return whether a path may not be changed. */
static int closed_at(int at, const char *path) {
    if (!denied || !below_at(at, path)) return 0;
    errno = denied;
    return 1;
}

#define NEXT(name) (__typeof__(&name)) dlsym(RTLD_NEXT, #name)

ssize_t write(int file, const void *bytes, size_t count) {
    return full_for(file) ? -1 : (NEXT(write))(file, bytes, count);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    return full_for(file) ? -1 : (NEXT(writev))(file, parts, count);
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t place) {
    return full_for(file) ? -1 : (NEXT(pwrite))(file, bytes, count, place);
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t place) {
    return full_for(file) ? -1 : (NEXT(pwrite64))(file, bytes, count, place);
}
int posix_fallocate(int file, off_t place, off_t count) {
    return full_for(file) ? ENOSPC : (NEXT(posix_fallocate))(file, place, count);
}
int mkdir(const char *path, mode_t mode) {
    return closed_at(AT_FDCWD, path) || full_at(AT_FDCWD, path) ? -1 : (NEXT(mkdir))(path, mode);
}
int rename(const char *from, const char *to) {
    return closed_at(AT_FDCWD, from) || closed_at(AT_FDCWD, to) ? -1 : (NEXT(rename))(from, to);
}
int unlink(const char *path) { return closed_at(AT_FDCWD, path) ? -1 : (NEXT(unlink))(path); }
int rmdir(const char *path) { return closed_at(AT_FDCWD, path) ? -1 : (NEXT(rmdir))(path); }

#define MODE(flags, mode)                                                                                    \
    mode_t mode = 0;                                                                                         \
    if (flags & O_CREAT) {                                                                                   \
        va_list rest;                                                                                        \
        va_start(rest, flags);                                                                               \
        mode = va_arg(rest, mode_t);                                                                         \
        va_end(rest);                                                                                        \
    }
#define NEW(at, path, flags)                                                                                 \
    (((flags & (O_WRONLY | O_RDWR | O_CREAT)) && closed_at(at, path)) ||                                     \
     ((flags & O_CREAT) && faccessat(at, path, F_OK, 0) && full_at(at, path)))

int open(const char *path, int flags, ...) {
    MODE(flags, mode)
    return NEW(AT_FDCWD, path, flags) ? -1 : (NEXT(open))(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags, mode)
    return NEW(AT_FDCWD, path, flags) ? -1 : (NEXT(open64))(path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
    MODE(flags, mode)
    return NEW(at, path, flags) ? -1 : (NEXT(openat))(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    MODE(flags, mode)
    return NEW(at, path, flags) ? -1 : (NEXT(openat64))(at, path, flags, mode);
}
