/*
 * Allocation that cannot fail, arenas, and a typed vector.
 *
 * The x* functions abort when memory is out. Whatever a peer, a file or a user sizes is
 * checked against a named maximum before it gets here.
 */
#ifndef WEIR_MEM_H
#define WEIR_MEM_H

#include <stdarg.h>
#include <stddef.h>

#include <weir/error.h>

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
void *xmemdup(const void *p, size_t n);
char *xasprintf(const char *fmt, ...) WEIR_PRINTF(1, 2);
char *xvasprintf(const char *fmt, va_list ap) WEIR_PRINTF(1, 0);

/* An arena: many small allocations, freed whole. Zero-initialise it; release with
 * arena_free. */
struct arena {
	struct arena_chunk *head;
	size_t used; /* bytes used of head */
};

void *arena_alloc(struct arena *a, size_t size);               /* aligned, not zeroed */
void *arena_zalloc(struct arena *a, size_t size);              /* aligned, zeroed */
char *arena_strndup(struct arena *a, const char *s, size_t n); /* NUL-terminated copy */
char *arena_printf(struct arena *a, const char *fmt, ...) WEIR_PRINTF(2, 3);
void arena_clear(struct arena *a); /* forget the contents, keep one chunk for reuse */
void arena_free(struct arena *a);

/*
 * VEC(T): a growable array. `VEC(int) v = { 0 }; VEC_PUSH(&v, 3); v.v[0]; v.n;
 * VEC_FREE(&v);` VEC_PUSH may move v.v. VEC_TYPE names a struct so that it can be
 * passed around.
 */
#define VEC(T)                                                                         \
	struct {                                                                       \
		T *v;                                                                  \
		size_t n, cap;                                                         \
	}
#define VEC_TYPE(name, T)                                                              \
	struct name {                                                                  \
		T *v;                                                                  \
		size_t n, cap;                                                         \
	}
#define VEC_RESERVE(vec, count)                                                        \
	((vec)->v = vec_grow((vec)->v, &(vec)->cap, (count), sizeof(*(vec)->v)))
#define VEC_PUSH(vec, value)                                                           \
	(VEC_RESERVE(vec, (vec)->n + 1), (void)((vec)->v[(vec)->n++] = (value)))
#define VEC_FREE(vec) (free((vec)->v), (vec)->v = NULL, (vec)->n = (vec)->cap = 0)

void *vec_grow(void *v, size_t *cap, size_t need, size_t size);

#define N_ELEM(a) (sizeof(a) / sizeof((a)[0]))

/* A broken promise of our own: abort in debug builds and in tests, never for input. */
#ifdef NDEBUG
#define BUG_ON(cond) ((void)0)
#else
#define BUG_ON(cond) ((cond) ? mem_bug(__FILE__, __LINE__, #cond) : (void)0)
#endif
void mem_bug(const char *file, int line, const char *cond) __attribute__((noreturn));

#endif
