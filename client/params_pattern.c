/*
 * The patterns of schemas are Python's regular expressions: the few that mean another
 * thing to PCRE2 are translated.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>

#include <pcre2.h>

#include "params_priv.h"

enum { STEPS_MAX = 1000000, HEAP_KB = 8192, PATTERN_MAX = 64 << 10 };

/* `\Z` is the very end, `\u1234` and `\U00012345` are characters. Returns its length.
 */
static size_t
add_escape(struct buf *out, const char *p)
{
	size_t n = p[1] == 'u' ? 4 : p[1] == 'U' ? 8 : 0;

	if (p[1] == 'Z') {
		buf_adds(out, "\\z");
		return 2;
	}
	if (n && strspn(p + 2, "0123456789abcdefABCDEF") >= n) {
		buf_addf(out, "\\x{%.*s}", (int)n, p + 2);
		return 2 + n;
	}
	buf_add(out, p, p[1] ? 2 : 1);
	return p[1] ? 2 : 1;
}

static void
translate(const char *p, struct buf *out)
{
	bool set = false;

	while (*p) {
		if (*p == '\\') {
			p += add_escape(out, p);
			continue;
		}
		if (!set && p[0] == '{' && p[1] == ',' &&
			isdigit((unsigned char)p[2])) {
			buf_adds(out, "{0");
			p++;
			continue;
		}
		/* in a set a bracket is a character, and so is a `]` that comes first
		 */
		if (set && *p == '[') {
			buf_adds(out, "\\[");
			p++;
			continue;
		}
		if (!set && *p == '[') {
			set = true;
			buf_addc(out, *p++);
			if (*p == '^')
				buf_addc(out, *p++);
			if (*p == ']')
				buf_addc(out, *p++);
			continue;
		}
		if (*p == ']')
			set = false;
		buf_addc(out, *p++);
	}
}

static pcre2_code *
compile(const char *pattern)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	struct buf text = BUF_INIT(PATTERN_MAX);
	pcre2_code *code = NULL;
	PCRE2_SIZE at;
	int error;

	translate(pattern, &text);
	if (context && !text.truncated) {
		pcre2_set_newline(context, PCRE2_NEWLINE_LF);
		code = pcre2_compile((PCRE2_SPTR)buf_cstr(&text), text.len,
			PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C |
				PCRE2_MATCH_INVALID_UTF,
			&error, &at, context);
	}
	pcre2_compile_context_free(context);
	buf_release(&text);
	return code;
}

bool
params_pattern_matches(const char *pattern, struct str text)
{
	pcre2_code *code = compile(pattern);
	pcre2_match_data *data;
	pcre2_match_context *context;
	int rc;

	if (!code)
		return true;
	data = pcre2_match_data_create_from_pattern(code, NULL);
	context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(context, STEPS_MAX);
	pcre2_set_heap_limit(context, HEAP_KB);
	rc = pcre2_match(code, (PCRE2_SPTR)(text.s ? text.s : ""), text.len, 0, 0, data,
		context);
	pcre2_match_context_free(context);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return rc != PCRE2_ERROR_NOMATCH;
}
