/* What differs between compilers, processors and systems. GCC and Clang alone: the vectors are theirs. */

#ifndef EK_PLATFORM_H
#define EK_PLATFORM_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EK_VERSION 3

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define X86
#include <immintrin.h>
#endif

#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#error "a GCC from 12 on or a Clang is needed"
#endif

#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#define UNROLL_ALL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 8")
#define UNROLL_ALL _Pragma("GCC unroll 16")
#endif

/* Threads where the build found them (-DEK_PTHREADS), else one after the other. */
#define MOST_THREADS 256
typedef int64_t Counter;
#define COUNTER_AT_ZERO 0
#define TAKE(counter, count) __atomic_fetch_add(counter, count, __ATOMIC_RELAXED)

#if defined(EK_PTHREADS)
#include <pthread.h>
#define HAS_THREADS 1
#else
#define HAS_THREADS 0
#endif

/* Run `work` on each of `count` parts of `size` bytes. A thread that cannot be started costs time, not work:
 * the parts share a counter, so whoever runs takes what is left. */
static inline void run_all(void *(*work)(void *), void *part, size_t size, int32_t count) {
#if defined(EK_PTHREADS)
    pthread_t thread[MOST_THREADS];
    int32_t started = 0;
    for (int32_t i = 1; i < count; i++)
        if (pthread_create(&thread[started], NULL, work, (char *)part + (size_t)i * size) == 0) started++;
        else break;
    work(part);
    for (int32_t i = 0; i < started; i++) pthread_join(thread[i], NULL);
#else
    (void)size;
    if (count > 0) work(part);
#endif
}

/* Memory that is given back all at once; each piece starts zeroed, on a cache line. */
#define MOST_PIECES 1024
typedef struct { void *piece[MOST_PIECES]; int32_t count; } Arena;

static inline void *take_space(Arena *arena, int64_t count, size_t size) {
    if (arena->count == MOST_PIECES || count < 0) return NULL;
    const size_t bytes = (size_t)(count ? count : 1) * size;
    char *raw = calloc(1, bytes + 64);
    if (!raw) return NULL;
    arena->piece[arena->count++] = raw;
    return raw + (64 - ((uintptr_t)raw & 63)) % 64;
}
#define TAKE_SPACE(arena, count, type) ((type *)take_space(arena, count, sizeof(type)))

static inline void release(Arena *arena) {
    while (arena->count) free(arena->piece[--arena->count]);
}

#endif
