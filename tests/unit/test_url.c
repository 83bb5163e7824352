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

static void
test_faults(void **state)
{
	static const char none[] = "is not an http:// or https:// address";
	static const char host[] = "has a host that cannot be one";
	static const char port[] = "has a port that is not one of 0 to 65535";
	static const struct {
		const char *url, *fault;
	} t[] = {
		{ "http://a", NULL },
		{ "HTTPS://u:p@a_b.example:65535/api?x=[1]", NULL },
		{ "http://[::1]:4200/api", NULL },
		{ "http://[fe80::1%25eth0]/", NULL },
		{ "http://b\xc3\xbc"
		  "cher.example",
			NULL },
		{ "http://a:/x", NULL },
		{ "", none },
		{ "a:1", none },
		{ "ftp://a", none },
		{ "httpx://a", none },
		{ "http:///a", none },
		{ "http://:80", none },
		{ "http://u@/a", none },
		{ "http://[a/b", host },
		{ "http://[::1", host },
		{ "http://[]", host },
		{ "http://[1.2.3.4]/", host },
		{ "http://a]/", host },
		{ "http://a{b}/", host },
		{ "http://a:b", port },
		{ "http://a:65536/", port },
		{ "http://a:99999999999999999999/", port },
		{ "http://a:-1/", port },
		{ "http://[::1]:x", port },
		{ "http://a b", "has a blank or control byte in it" },
		{ "http://a\x7f", "has a blank or control byte in it" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++) {
		const char *fault = weir_url_fault(t[i].url);

		if (!fault != !t[i].fault || (fault && strcmp(fault, t[i].fault)))
			fail_msg("%s: %s", t[i].url, fault ? fault : "no fault");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
