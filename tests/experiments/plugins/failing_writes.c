/* Preloaded into a program: its OHMIC_FAIL_AT-th change of a file below OHMIC_FAIL_BELOW, counted
 * from 1, and all after it fail as on a full disk. Changes are creating a file or a folder, writing,
 * syncing and renaming. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static long changes;

static int is_full(const char* path) {
  const char* below = getenv("OHMIC_FAIL_BELOW");
  const char* at = getenv("OHMIC_FAIL_AT");
  if (!below || !at || !path || strncmp(path, below, strlen(below)) != 0) return 0;
  if (__sync_add_and_fetch(&changes, 1) < atol(at)) return 0;
  errno = ENOSPC;
  return 1;
}

static int is_full_of(int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = 0;
  return is_full(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const int mode = flags & O_CREAT ? va_arg(rest, int) : 0;
  va_end(rest);
  if (flags & O_CREAT && access(path, F_OK) != 0 && is_full(path)) return -1;
  return REAL(open)(path, flags, mode);
}
int open64(const char* path, int flags, ...) __attribute__((alias("open")));

ssize_t write(int descriptor, const void* bytes, size_t size) {
  if (is_full_of(descriptor)) return -1;
  return REAL(write)(descriptor, bytes, size);
}

ssize_t writev(int descriptor, const struct iovec* parts, int count) {
  if (is_full_of(descriptor)) return -1;
  return REAL(writev)(descriptor, parts, count);
}

int fsync(int descriptor) {
  if (is_full_of(descriptor)) return -1;
  return REAL(fsync)(descriptor);
}

int rename(const char* from, const char* to) {
  if (is_full(to)) return -1;
  return REAL(rename)(from, to);
}

int mkdir(const char* path, mode_t mode) {
  if (access(path, F_OK) != 0 && is_full(path)) return -1;
  return REAL(mkdir)(path, mode);
}
