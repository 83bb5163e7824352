/* prompt.c: a line that is edited, and what is recalled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "input.h"
#include "prompt.h"

static void
on_event(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	(void)a;
	(void)arg;
	(void)p;
	(void)ev;
}

static const struct prompt_user user = { .label = "/", .event = on_event };
static const struct prompt_user query = {
	.label = "/",
	.event = on_event,
	.history = "query",
};
static const struct prompt_user search = {
	.label = "/",
	.event = on_event,
	.history = "search",
};

/* Names of keys with blanks between them; other words are typed. */
static enum prompt_result
press(struct prompt *p, const char *keys)
{
	enum prompt_result result = PROMPT_IGNORED;

	while (*keys) {
		struct str name = { keys, strcspn(keys, " ") };
		uint32_t key;

		if (input_parse(name, &key)) {
			result = prompt_key(p, key, STR(""));
		} else {
			for (size_t i = 0; i < name.len; i++)
				result = prompt_key(
					p, (unsigned char)name.s[i], STR(""));
		}
		keys += name.len + (keys[name.len] == ' ');
	}
	return result;
}

static void
test_keys(void **state)
{
	/* | is the cursor. */
	static const struct {
		const char *text, *keys, *want;
	} cases[] = {
		{ "", "abc", "abc|" },
		{ "abc", "left X", "abX|c" },
		{ "abc", "ctrl-b ctrl-b X", "aX|bc" },
		{ "abc", "home X", "X|abc" },
		{ "abc", "ctrl-a ctrl-f X", "aX|bc" },
		{ "abc", "ctrl-a ctrl-e X", "abcX|" },
		{ "one two", "alt-b X", "one X|two" },
		{ "one two", "ctrl-left ctrl-left X", "X|one two" },
		{ "one two", "ctrl-a alt-f X", "oneX| two" },
		{ "one two", "backspace", "one tw|" },
		{ "one two", "ctrl-w", "one |" },
		{ "one two ", "alt-backspace", "one |" },
		{ "one two", "ctrl-u", "|" },
		{ "one two", "alt-b ctrl-u", "|two" },
		{ "one two", "ctrl-a ctrl-k", "|" },
		{ "one two", "alt-b ctrl-k", "one |" },
		{ "one two", "ctrl-a alt-d", "| two" },
		{ "one two", "ctrl-a ctrl-d", "|ne two" },
		{ "one two", "ctrl-a delete delete", "|e two" },
		{ "one two", "ctrl-w ctrl-a ctrl-y", "two|one " },
		{ "one two", "ctrl-u ctrl-y ctrl-y", "one twoone two|" },
		{ "", "a space b", "a b|" },
		/* Whole characters, wide ones too. */
		{ "añ", "backspace", "a|" },
		{ "a\u8c46b", "left left X", "aX|\u8c46b" },
		{ "a\u8c46", "ctrl-a right delete", "a|" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct buf got = BUF_INIT(PROMPT_MAX * 2);
		struct prompt p;

		prompt_init(&p);
		prompt_start(&p, &user, NULL, cases[i].text);
		press(&p, cases[i].keys);
		buf_add(&got, prompt_text(&p), p.pos);
		buf_adds(&got, "|");
		buf_adds(&got, prompt_text(&p) + p.pos);
		assert_string_equal(buf_cstr(&got), cases[i].want);
		buf_release(&got);
		prompt_release(&p);
	}
}

static void
test_results(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p);
	prompt_start(&p, &user, NULL, "a");
	assert_int_equal(press(&p, "enter"), PROMPT_ACCEPTED);
	assert_int_equal(press(&p, "esc"), PROMPT_CANCELLED);
	assert_int_equal(press(&p, "ctrl-g"), PROMPT_CANCELLED);
	assert_int_equal(press(&p, "ctrl-c"), PROMPT_CANCELLED);
	assert_int_equal(press(&p, "tab"), PROMPT_COMPLETE);
	assert_int_equal(press(&p, "f1"), PROMPT_IGNORED);
	assert_int_equal(press(&p, "right"), PROMPT_MOVED);
	buf_adds(&p.ghost, "bc");
	assert_int_equal(press(&p, "right"), PROMPT_COMPLETE);
	/* One backspace too many leaves the prompt, as in less. */
	assert_int_equal(press(&p, "backspace"), PROMPT_CHANGED);
	assert_int_equal(press(&p, "backspace"), PROMPT_CANCELLED);
	prompt_release(&p);
}

static void
test_paste(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p);
	prompt_start(&p, &user, NULL, "ac");
	press(&p, "left");
	assert_int_equal(
		prompt_key(&p, INPUT_PASTE, STR("x\ny\x1b[A\tz")), PROMPT_CHANGED);
	assert_string_equal(prompt_text(&p), "ax y [A zc");
	prompt_release(&p);
}

/* Each name has its own lines; a line that is entered again moves to the end. */
static void
test_history(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p);
	prompt_start(&p, &query, NULL, "one");
	prompt_stop(&p, true);
	prompt_start(&p, &query, NULL, "two");
	prompt_stop(&p, true);
	prompt_start(&p, &query, NULL, "one");
	prompt_stop(&p, true);
	prompt_start(&p, &query, NULL, "never");
	prompt_stop(&p, false);
	prompt_start(&p, &search, NULL, "word");
	prompt_stop(&p, true);
	prompt_start(&p, &query, NULL, "");
	press(&p, "new up");
	assert_string_equal(prompt_text(&p), "one");
	press(&p, "ctrl-p");
	assert_string_equal(prompt_text(&p), "two");
	assert_int_equal(press(&p, "up"), PROMPT_IGNORED);
	press(&p, "down ctrl-n");
	assert_string_equal(prompt_text(&p), "new");
	assert_int_equal(press(&p, "down"), PROMPT_IGNORED);
	prompt_stop(&p, false);
	prompt_start(&p, &search, NULL, "");
	press(&p, "up");
	assert_string_equal(prompt_text(&p), "word");
	prompt_stop(&p, false);
	prompt_start(&p, &user, NULL, "");
	assert_int_equal(press(&p, "up"), PROMPT_IGNORED);
	prompt_release(&p);
}

static void
test_history_is_bounded(void **state)
{
	struct prompt_history *h;
	struct prompt p;
	char line[32];

	(void)state;
	prompt_init(&p);
	h = prompt_history(&p, "query");
	for (int i = 0; i < PROMPT_HISTORY_MAX + 5; i++) {
		snprintf(line, sizeof(line), "%d", i);
		prompt_remember(h, line);
	}
	assert_int_equal(h->lines.n, PROMPT_HISTORY_MAX);
	assert_string_equal(h->lines.v[0], "5");
	assert_string_equal(h->lines.v[PROMPT_HISTORY_MAX - 1], line);
	prompt_remember(h, "");
	assert_int_equal(h->lines.n, PROMPT_HISTORY_MAX);
	prompt_release(&p);
}

/* What is too long is cut, and cutting and pasting it does no harm. */
static void
test_long(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p);
	prompt_start(&p, &user, NULL, "");
	for (int i = 0; i < PROMPT_MAX + 10; i++)
		press(&p, "x");
	assert_true(strlen(prompt_text(&p)) <= PROMPT_MAX);
	press(&p, "ctrl-u ctrl-y ctrl-y");
	assert_true(strlen(prompt_text(&p)) <= PROMPT_MAX);
	assert_true(p.pos <= p.text.len);
	prompt_release(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_history_is_bounded),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
