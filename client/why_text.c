/* Words of errors: what a line is worth, exit statuses, and what two have in common. */
#include <ctype.h>

#include "why_priv.h"

/*
 * All in lower case, so that case does not matter, and without what may match a
 * newline, so that blocks of lines can be searched whole.
 */
#define RE_NOISE                                                                       \
	"^finished in state |^encountered exception during|"                           \
	"^task run failed with exception|^engine execution exited|"                    \
	"^crash detected|^execution was interrupted|retries are exhausted|"            \
	"awaiting ?retry|^an error was encountered|^reported flow run|"                \
	"^the above exception was|^during handling of the above|"                      \
	"(\\d+ of |^)\\d+ (task|flow) runs? failed|^\\d+/\\d+ states failed|"          \
	"^task run encountered an exception$|^flow run encountered an exception$"
#define RE_FOLLOWS                                                                     \
	"^g?make(\\[\\d+\\])?: \\*\\*\\*|^ninja: build stopped|collect2: error|"       \
	"error: ld returned|^failed: |linker command failed|"                          \
	"error: subprocess-exited-with-error|metadata-generation-failed|"              \
	"error: failed building wheel|error: could not build wheels"
#define RE_WRAPPER                                                                     \
	"non-?zero (exit )?(status|code)|calledprocesserror|"                          \
	"exit(ed)?( with)?( an?)?( exit)?( status| code){0,2}:? ?\\(?-?[1-9]|"         \
	"returned( exit)?( status| code)? [1-9]|error: command \\N*(failed|fail)|"     \
	"failed with (exit )?(status|code)"
#define RE_SYSTEM                                                                      \
	"no such file or directory|command not found|permission denied|"               \
	"no space left on device|cannot allocate memory|connection (refused|reset)|"   \
	"could not resolve host|does not exist|timed out|access denied|"               \
	"read-only file system|too many open files|disk quota exceeded"
#define RE_SAYS                                                                        \
	"(^|[ :\\]])(fatal |internal compiler |syntax )?error(\\[\\w+\\])?: +\\S|"     \
	"undefined reference to|undefined symbol|multiple definition of|"              \
	"cannot find -l|cmake error|nothing provides |unsatisfiable|could not solve|"  \
	"packagesnotfound|resolvepackagenotfound|no matching distribution|"            \
	"panicked at|^panic: |^fatal: |^caused by: |assertionerror|assertion \\N*fail" \
	"|segmentation fault|core dumped|out of memory|oom-kill|killed process|"       \
	"^killed$|memoryerror|^failed \\S+::|^\\[error\\] "
#define RE_TRACEBACK "traceback \\(most recent call last\\)"

enum weir_rc
why_words_init(struct why_words *w, struct weir_err *err)
{
	const struct {
		const char *text;
		struct weir_match **to;
	} all[] = {
		{ RE_NOISE, &w->noise },
		{ RE_FOLLOWS, &w->follows },
		{ RE_WRAPPER, &w->wrapper },
		{ RE_SYSTEM, &w->system },
		{ RE_SAYS, &w->says },
		{ RE_SAYS "|" RE_SYSTEM "|" RE_FOLLOWS "|" RE_TRACEBACK, &w->any },
	};
	enum weir_rc rc = WEIR_OK;

	*w = (struct why_words){ 0 };
	for (size_t i = 0; !rc && i < N_ELEM(all); i++)
		rc = weir_match_new(
			WEIR_MATCH_REGEX, str_of(all[i].text), all[i].to, err);
	if (rc)
		why_words_release(w);
	return rc;
}

void
why_words_release(struct why_words *w)
{
	weir_match_free(w->noise);
	weir_match_free(w->follows);
	weir_match_free(w->wrapper);
	weir_match_free(w->system);
	weir_match_free(w->says);
	weir_match_free(w->any);
	*w = (struct why_words){ 0 };
}

enum why_worth
why_worth(const struct why_words *w, struct str line, int level)
{
	bool bad = level >= 40;

	line = why_trim(line);
	if (!line.len)
		return WHY_NOTHING;
	if (weir_match_test(w->noise, line))
		return bad ? WHY_NOISE : WHY_NOTHING;
	if (weir_match_test(w->follows, line))
		return WHY_FOLLOWS;
	if (weir_match_test(w->wrapper, line))
		return bad ? WHY_WRAPPER : WHY_NOTHING;
	if (weir_match_test(w->says, line))
		return bad ? WHY_SAYS_40 : WHY_SAYS;
	if (weir_match_test(w->system, line))
		return bad ? WHY_SYSTEM_40 : WHY_SYSTEM;
	return bad ? WHY_PLAIN : WHY_NOTHING;
}

struct str
why_trim(struct str s)
{
	while (s.len && isspace((unsigned char)*s.s))
		s.s++, s.len--;
	while (s.len && isspace((unsigned char)s.s[s.len - 1]))
		s.len--;
	return s;
}

bool
why_line(struct str *rest, struct str *ret_line)
{
	const char *end;

	if (!rest->len)
		return false;
	end = memchr(rest->s, '\n', rest->len);
	ret_line->s = rest->s;
	ret_line->len = end ? (size_t)(end - rest->s) : rest->len;
	rest->s += ret_line->len + (end ? 1 : 0);
	rest->len -= ret_line->len + (end ? 1 : 0);
	return true;
}

struct str
why_unwrap(struct str message)
{
	static const char *const heads[] = {
		"Flow run encountered an exception: ",
		"Flow run encountered an exception. ",
		"Task run encountered an exception: ",
		"Task run encountered an exception ",
		"Flow run encountered an exception ",
	};

	for (size_t i = 0; i < N_ELEM(heads); i++) {
		size_t n = strlen(heads[i]);

		if (message.len > n && str_starts(message, heads[i]))
			return (struct str){ message.s + n, message.len - n };
	}
	return message;
}

/* ---- exit statuses */

/* A number that follows word i of text: `exit code: 137`, `status (-9)`. */
static bool
number_after(struct str text, size_t i, int *ret)
{
	bool minus = false;
	int n = 0;

	while (i < text.len && strchr(" :=(\t", text.s[i]))
		i++;
	if (i < text.len && text.s[i] == '-') {
		minus = true;
		i++;
	}
	if (i >= text.len || !isdigit((unsigned char)text.s[i]))
		return false;
	for (; i < text.len && isdigit((unsigned char)text.s[i]) && n < 100000; i++)
		n = n * 10 + (text.s[i] - '0');
	*ret = minus ? -n : n;
	return n > 0 && n <= 255;
}

static bool
is_word(struct str text, size_t i, const char *word)
{
	size_t n = strlen(word);

	if (text.len - i < n || (i && isalnum((unsigned char)text.s[i - 1])))
		return false;
	for (size_t k = 0; k < n; k++) {
		if (tolower((unsigned char)text.s[i + k]) != word[k])
			return false;
	}
	return true;
}

bool
why_exit_status(struct str text, int *ret_status)
{
	static const char *const words[] = { "status code", "exit status", "exit code",
		"exited with status", "exited with code", "exited with", "return code",
		"non-zero status", "died with", "killed by signal" };
	int n;

	for (size_t i = 0; i < text.len; i++) {
		if (!strchr("ednsrkENSRDK", text.s[i]) || !text.s[i])
			continue;
		for (size_t k = 0; k < N_ELEM(words); k++) {
			if (!is_word(text, i, words[k]) ||
				!number_after(text, i + strlen(words[k]), &n))
				continue;
			if (k == N_ELEM(words) - 1)
				n = -abs(n);
			/* A shell says a signal as 128 + its number. */
			*ret_status = n > 128 && n <= 128 + 31 ? 128 - n : n;
			return true;
		}
	}
	return false;
}

void
weir_why_exit(const struct weir_why_cause *c, struct buf *out)
{
	static const struct {
		int n;
		const char *text;
	} signals[] = {
		{ 1, "SIGHUP (its terminal or session ended)" },
		{ 2, "SIGINT (interrupted)" },
		{ 3, "SIGQUIT" },
		{ 4, "SIGILL (an instruction that this machine does not have)" },
		{ 6, "SIGABRT (it gave up itself: a failed assertion)" },
		{ 7, "SIGBUS" },
		{ 8, "SIGFPE" },
		{ 9, "SIGKILL (often for want of memory)" },
		{ 11, "SIGSEGV (it crashed)" },
		{ 13, "SIGPIPE" },
		{ 15, "SIGTERM (it was asked to end)" },
		{ 24, "SIGXCPU (its time was used up)" },
		{ 31, "SIGSYS" },
	};

	if (!c->exited)
		return;
	if (c->exit_status >= 0) {
		buf_addf(out, "exited with %d", c->exit_status);
		return;
	}
	for (size_t i = 0; i < N_ELEM(signals); i++) {
		if (signals[i].n == -c->exit_status) {
			buf_addf(out, "killed by %s", signals[i].text);
			return;
		}
	}
	buf_addf(out, "killed by signal %d", -c->exit_status);
}

/* ---- tracebacks */

/* Without what Python puts before the lines of a group of exceptions. */
static struct str
bare(struct str line)
{
	struct str s = line;

	while (s.len && *s.s == ' ')
		s.s++, s.len--;
	if (s.len < 2 || (*s.s != '|' && *s.s != '+') || s.s[1] != ' ')
		return line;
	return (struct str){ s.s + 2, s.len - 2 };
}

bool
why_is_traceback(struct str line)
{
	static const char head[] = "Traceback (most recent call last):";

	for (size_t i = 0; i + sizeof(head) - 1 <= line.len; i++) {
		if (memcmp(line.s + i, head, sizeof(head) - 1) == 0)
			return true;
	}
	return false;
}

static bool
is_frame(struct str line)
{
	line = bare(line);
	return line.len == 0 || *line.s == ' ' || *line.s == '\t';
}

static bool
is_between(struct str line)
{
	return str_starts(line, "During handling of the above exception") ||
	       str_starts(line, "The above exception was the direct cause");
}

/*
 * After the frames stands the exception; another traceback may follow it, which then
 * has the last word. */
size_t
why_traceback_end(const struct str *lines, size_t n, size_t from)
{
	size_t found = SIZE_MAX, i = from;

	while (i < n && why_is_traceback(lines[i])) {
		i++;
		while (i < n && is_frame(lines[i]))
			i++;
		if (i == n || why_is_traceback(lines[i]))
			continue;
		found = i++;
		/* What an exception says may have more lines. */
		for (size_t k = i; k < n && k < i + 60; k++) {
			if (is_between(lines[k]) || why_is_traceback(lines[k])) {
				i = k;
				break;
			}
		}
		while (i < n && (is_between(lines[i]) || !why_trim(lines[i]).len))
			i++;
	}
	return found;
}

/* ---- folding */

static bool
is_token(unsigned char c)
{
	return isalnum(c) || c == '_' || c >= 0x80;
}

/* Length of a run of hexadecimal digits and hyphens that is an id or a hash. */
static size_t
hash_at(struct str s, size_t i)
{
	size_t n = i, digits = 0, letters = 0;

	while (n < s.len && (isxdigit((unsigned char)s.s[n]) ||
				    (s.s[n] == '-' && n + 1 < s.len &&
					    isxdigit((unsigned char)s.s[n + 1])))) {
		digits += isdigit((unsigned char)s.s[n]) != 0;
		letters += isalpha((unsigned char)s.s[n]) != 0;
		n++;
	}
	if (n < s.len && is_token((unsigned char)s.s[n]))
		return 0;
	return digits && letters && digits + letters >= 7 ? n - i : 0;
}

/* A path with two slashes or more; *ret_base is where its last part begins. */
static size_t
path_at(struct str s, size_t i, size_t *ret_base)
{
	size_t n = i, slashes = 0, base = i;

	while (n < s.len && (is_token((unsigned char)s.s[n]) ||
				    (s.s[n] && strchr("/.+-@~%$", s.s[n])))) {
		if (s.s[n] == '/') {
			slashes++;
			if (n + 1 < s.len && is_token((unsigned char)s.s[n + 1]))
				base = n + 1;
		}
		n++;
	}
	*ret_base = base;
	return slashes >= 2 || (slashes && strchr("/.~", s.s[i])) ? n - i : 0;
}

/* Numbers with what may stand between digits: 1.2.3, 14:02:11, 1,024. */
static size_t
number_at(struct str s, size_t i)
{
	size_t n = i;

	if (s.len - i > 2 && s.s[i] == '0' && (s.s[i + 1] == 'x' || s.s[i + 1] == 'X'))
		for (n = i + 2; n < s.len && isxdigit((unsigned char)s.s[n]);)
			n++;
	while (n < s.len &&
		(isdigit((unsigned char)s.s[n]) ||
			(n > i && n + 1 < s.len && s.s[n] && strchr(".,:-_T", s.s[n]) &&
				isdigit((unsigned char)s.s[n + 1]))))
		n++;
	return n - i;
}

void
weir_why_fold(struct str error, struct buf *out)
{
	struct str s = why_trim(why_unwrap(error));
	size_t i = 0, base, n, start = out->len;

	while (i < s.len && out->len - start < 400) {
		unsigned char before = i ? (unsigned char)s.s[i - 1] : ' ';
		bool begins = !is_token(before) && before != '.' && before != '~';

		if (begins && (n = path_at(s, i, &base))) {
			size_t end = i + n;

			for (i = base; i < end; i += n ? n : 1) {
				n = number_at(s, i);
				buf_addc(out, n ? '#' : s.s[i]);
			}
		} else if (begins && (n = hash_at(s, i))) {
			buf_addc(out, '#');
			i += n;
		} else if ((n = number_at(s, i))) {
			buf_addc(out, '#');
			i += n;
		} else if (isspace((unsigned char)s.s[i])) {
			while (i < s.len && isspace((unsigned char)s.s[i]))
				i++;
			buf_addc(out, ' ');
		} else {
			buf_addc(out, s.s[i++]);
		}
	}
}
