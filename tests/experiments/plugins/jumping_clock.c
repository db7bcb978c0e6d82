/* Preloaded into a program: the time of day jumps years back and forth, more often than once a
 * second. The clock that only goes forward does so. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Up to 30 years either way, from call to call. */
static time_t jump(void) {
  static long calls;
  const long call = __sync_add_and_fetch(&calls, 1);
  return (time_t)(call * 2654435761u % 1892160000) - 946080000;
}

int clock_gettime(clockid_t clock, struct timespec* at) {
  const int status = REAL(clock_gettime)(clock, at);
  if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    at->tv_sec += jump();
  return status;
}

int gettimeofday(struct timeval* restrict at, void* restrict zone) {
  const int status = REAL(gettimeofday)(at, zone);
  if (status == 0) at->tv_sec += jump();
  return status;
}

time_t time(time_t* at) {
  const time_t now = REAL(time)(NULL) + jump();
  if (at) *at = now;
  return now;
}
