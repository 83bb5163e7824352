/*
 * A schema, parameters and a value as it was typed, one a line: what comes out is JSON,
 * and a set laid on nothing is itself.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weir/mem.h>
#include <weir/params.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str
take_line(struct str *rest)
{
	const char *nl = rest->len ? memchr(rest->s, '\n', rest->len) : NULL;
	struct str line = { rest->s, nl ? (size_t)(nl - rest->s) : rest->len };

	rest->s = nl ? nl + 1 : NULL;
	rest->len = nl ? rest->len - line.len - 1 : 0;
	return line;
}

static void
told(void *arg, const char *path, const char *text)
{
	if (!path || !text)
		abort();
	(*(size_t *)arg)++;
}

static struct weir_json *
parse(const struct buf *b)
{
	struct weir_json *j = NULL;

	if (weir_json_parse(buf_str(b), &j, NULL))
		abort();
	return j;
}

static void
check_set(const struct weir_schema *s, struct str text)
{
	struct weir_json *j = NULL, *again;
	struct buf b = BUF_INIT(BUF_MAX), same = BUF_INIT(BUF_MAX);
	size_t n_told = 0, n;

	if (weir_params_overlay(STR(""), text, &b, NULL))
		return;
	again = parse(&b);
	n = weir_params_check(s, again, told, &n_told);
	if (n_told > n || (n && !n_told))
		abort();
	weir_params_unknown(s, again, told, &n_told);
	if (weir_params_overlay(buf_str(&b), STR("{}"), &same, NULL))
		abort();
	j = parse(&same);
	if (weir_json_size(j) != weir_json_size(again))
		abort();
	weir_json_free(j);
	weir_json_free(again);
	buf_release(&b);
	buf_release(&same);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct str schema = take_line(&rest), set = take_line(&rest);
	struct weir_schema *s = NULL;
	struct buf b = BUF_INIT(BUF_MAX);

	if (weir_schema_parse(schema, &s, NULL))
		return 0;
	check_set(s, set);
	for (size_t i = 0; i < weir_schema_size(s); i++) {
		buf_clear(&b);
		weir_param_value(s, str_of(weir_schema_param(s, i)->name), rest, &b);
		weir_json_free(parse(&b));
	}
	weir_schema_free(s);
	buf_release(&b);
	return 0;
}
