#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/mem.h>

static void
copies(void **state)
{
	char *p;

	(void)state;
	p = xstrdup("");
	assert_string_equal(p, "");
	free(p);
	p = xstrndup("abc\0def", 7);
	assert_string_equal(p, "abc");
	free(p);
	p = xstrndup("abcdef", 3);
	assert_string_equal(p, "abc");
	free(p);
	p = xmemdup("a\0b", 4);
	assert_memory_equal(p, "a\0b", 4);
	free(p);
	p = xmemdup(NULL, 0);
	assert_non_null(p);
	free(p);
	p = xasprintf("%0*d|%s", 300, 7, "end");
	assert_int_equal(strlen(p), 304);
	assert_string_equal(p + 299, "7|end");
	free(p);
}

static void
zero_sizes_give_memory(void **state)
{
	void *p = xmalloc(0);
	void *q = xcalloc(0, 8);

	(void)state;
	assert_non_null(p);
	assert_non_null(q);
	p = xrealloc(p, 0);
	assert_non_null(p);
	p = xreallocarray(p, 0, 100);
	assert_non_null(p);
	free(p);
	free(q);
}

/* Run f in a child; returns the signal that ended it, 0 if none did. */
static int
signal_of(void (*f)(void))
{
	static const struct rlimit none = { 0, 0 };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		close(STDERR_FILENO);
		f();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void
overflowing_array(void)
{
	free(xreallocarray(NULL, SIZE_MAX / 4, 8));
}

static void
overflowing_arena(void)
{
	struct arena a = { 0 };

	arena_alloc(&a, SIZE_MAX - 4);
}

static void
a_bug(void)
{
	mem_bug("file.c", 1, "cond");
}

static void
harmless(void)
{
	free(xreallocarray(NULL, 16, 8));
}

static void
impossible_sizes_abort(void **state)
{
	(void)state;
	assert_int_equal(signal_of(harmless), 0);
	assert_int_equal(signal_of(overflowing_array), SIGABRT);
	assert_int_equal(signal_of(overflowing_arena), SIGABRT);
	assert_int_equal(signal_of(a_bug), SIGABRT);
}

static void
arena_memory_is_aligned_and_apart(void **state)
{
	struct arena a = { 0 };
	unsigned char *p[500];
	size_t n[500];

	(void)state;
	for (size_t i = 0; i < N_ELEM(p); i++) {
		n[i] = i % 50 == 49 ? 40000 : i * 7 % 301;
		p[i] = arena_alloc(&a, n[i]);
		assert_int_equal((uintptr_t)p[i] % _Alignof(max_align_t), 0);
		memset(p[i], (int)(i & 0xff), n[i]);
	}
	for (size_t i = 0; i < N_ELEM(p); i++)
		for (size_t k = 0; k < n[i]; k++)
			assert_int_equal(p[i][k], i & 0xff);
	arena_free(&a);
	assert_null(a.head);
	arena_free(&a);
}

static void
arena_is_reused_after_clear(void **state)
{
	struct arena a = { 0 };
	void *first = arena_alloc(&a, 100);
	char *s;

	(void)state;
	memset(first, 0xff, 100);
	arena_clear(&a);
	assert_ptr_equal(arena_zalloc(&a, 100), first);
	for (int i = 0; i < 100; i++)
		assert_int_equal(((unsigned char *)first)[i], 0);
	for (int i = 0; i < 10; i++)
		arena_alloc(&a, 30000);
	arena_clear(&a);
	assert_non_null(a.head);
	s = arena_strndup(&a, "abcdef", 3);
	assert_string_equal(s, "abc");
	assert_string_equal(arena_strndup(&a, NULL, 0), "");
	s = arena_printf(&a, "%d-%s", 12, "x");
	assert_string_equal(s, "12-x");
	arena_free(&a);
	arena_clear(&a);
}

static void
vectors_keep_what_was_pushed(void **state)
{
	VEC(int) v = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++)
		VEC_PUSH(&v, i * 3);
	assert_int_equal(v.n, 10000);
	assert_true(v.cap >= v.n);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(v.v[i], i * 3);
	VEC_RESERVE(&v, 5);
	assert_int_equal(v.n, 10000);
	VEC_FREE(&v);
	assert_null(v.v);
	assert_int_equal(v.n, 0);
	VEC_FREE(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies),
		cmocka_unit_test(zero_sizes_give_memory),
		cmocka_unit_test(impossible_sizes_abort),
		cmocka_unit_test(arena_memory_is_aligned_and_apart),
		cmocka_unit_test(arena_is_reused_after_clear),
		cmocka_unit_test(vectors_keep_what_was_pushed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
