/* Preloaded into a process, it has calls on paths with "flaky" in them fail a few times, as a file
 * system on a network does. FLAKY says what, such as "rename=2:5,open=1:116": twice EIO, once ESTALE. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>

static char spec[512];
static int loaded;

static int fails(const char *call, const char *path) {
    if (path == NULL || strstr(path, "flaky") == NULL) return 0;
    if (!loaded) {
        const char *given = getenv("FLAKY");
        strncpy(spec, given ? given : "", sizeof spec - 1);
        loaded = 1;
    }
    size_t length = strlen(call);
    for (char *at = spec; *at;) {
        char *end = strchrnul(at, ',');
        if (strncmp(at, call, length) == 0 && at[length] == '=') {
            char *count = at + length + 1;
            int error = atoi(strchr(count, ':') + 1);
            if (*count == '0') return 0;
            --*count; /* a digit */
            errno = error;
            return 1;
        }
        at = *end ? end + 1 : end;
    }
    return 0;
}

void flaky_set(const char *given) {
    strncpy(spec, given, sizeof spec - 1);
    loaded = 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int rename(const char *from, const char *to) {
    return fails("rename", from) ? -1 : REAL(rename)(from, to);
}
int unlink(const char *path) { return fails("unlink", path) ? -1 : REAL(unlink)(path); }
int rmdir(const char *path) { return fails("rmdir", path) ? -1 : REAL(rmdir)(path); }
int mkdir(const char *path, mode_t mode) {
    return fails("mkdir", path) ? -1 : REAL(mkdir)(path, mode);
}
int access(const char *path, int mode) {
    return fails("access", path) ? -1 : REAL(access)(path, mode);
}
DIR *opendir(const char *path) { return fails("opendir", path) ? NULL : REAL(opendir)(path); }
FILE *fopen(const char *path, const char *mode) {
    return fails("open", path) ? NULL : REAL(fopen)(path, mode);
}
FILE *fopen64(const char *path, const char *mode) {
    return fails("open", path) ? NULL : REAL(fopen64)(path, mode);
}
int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return fails("open", path) ? -1 : REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return fails("open", path) ? -1 : REAL(open64)(path, flags, mode);
}
