/* url.c: masking and the form in which addresses are compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/config.h>
#include <weir/mem.h>

static void
test_urls(void **state)
{
	static const struct {
		const char *url, *masked, *normal;
	} t[] = {
		{ "http://a/api", "http://a/api", "http://a/api" },
		{ "HTTP://u:p@A.B:80/api/", "HTTP://***@A.B:80/api/",
			"http://a.b/api" },
		{ "https://x:443", "https://x:443", "https://x" },
		{ "https://x:80//", "https://x:80//", "https://x:80" },
		{ "http://p@ss@h:1/Q", "http://***@h:1/Q", "http://h:1/Q" },
		{ "http://[::1]:4200/api", "http://[::1]:4200/api",
			"http://[::1]:4200/api" },
		{ "http://[::1]/api", "http://[::1]/api", "http://[::1]/api" },
		{ "http://h/a@b:c", "http://h/a@b:c", "http://h/a@b:c" },
		{ "https://u@h/t/tk-1-abc/c", "https://***@h/t/***/c",
			"https://h/t/tk-1-abc/c" },
		{ "https://h/t/x", "https://h/t/***", "https://h/t/x" },
		{ "https://h/a?sig=1#2", "https://h/a?***", "https://h/a?sig=1#2" },
		{ "nothing", "nothing", "nothing" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++) {
		struct buf b = BUF_INIT(BUF_MAX);
		char *n = weir_url_normalise(t[i].url);

		weir_url_mask(&b, t[i].url);
		assert_string_equal(buf_cstr(&b), t[i].masked);
		assert_string_equal(n, t[i].normal);
		free(n);
		buf_release(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
