/* Views: what is read from text is the same when it is read from its own text. */
#include <stddef.h>
#include <stdint.h>

#include <weir/mem.h>
#include <weir/view.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_again(const struct weir_view *v)
{
	struct buf text = BUF_INIT(BUF_MAX), again = BUF_INIT(BUF_MAX);
	struct weir_err err = { 0 };
	struct weir_view back;

	weir_view_format(v, &text);
	if (text.len > WEIR_VIEW_MAX)
		goto out; /* quotes made it longer than what is read */
	if (weir_view_parse(buf_str(&text), &back, &err)) {
		fprintf(stderr, "%s: %s\n", buf_cstr(&text), err.text);
		abort();
	}
	weir_view_format(&back, &again);
	if (!str_equal(buf_str(&text), buf_str(&again)))
		abort();
	weir_view_release(&back);
out:
	buf_release(&text);
	buf_release(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct weir_err err = { 0 };
	struct weir_view v;

	if (weir_view_parse(text, &v, &err) == WEIR_OK) {
		check_again(&v);
		weir_view_release(&v);
	} else if (err.rc != WEIR_EUSAGE || strncmp(err.text, "view: ", 6) != 0) {
		abort();
	}
	return 0;
}
