/* Makes every flush to disk take longer, by SLOW_FLUSH_US microseconds: as a disk that has no power-safe cache. For
 * LD_PRELOAD, by the row A4d of scripts/bench. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int slowly(const char *name, int file)
{
    int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *text = getenv("SLOW_FLUSH_US");
    long us = text ? atol(text) : 0;
    struct timespec more = {us / 1000000, us % 1000000 * 1000};
    int result = flush(file);
    clock_nanosleep(CLOCK_MONOTONIC, 0, &more, NULL);
    return result;
}

int fsync(int file) { return slowly("fsync", file); }

int fdatasync(int file) { return slowly("fdatasync", file); }
