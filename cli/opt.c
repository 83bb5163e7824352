#include "opt.h"

#include <weir/mem.h>
#include <weir/text.h>

#define G(name) offsetof(struct globals, name)

/* clang-format off */
const struct opt opt_globals[] = {
	{ "profile",   'p', OPT_STRING, G(profile),   "NAME", "@profiles",
	  "the server and settings of this profile" },
	{ "offline",   0,   OPT_FLAG,   G(offline),   NULL, NULL,
	  "never use the network" },
	{ "refresh",   0,   OPT_FLAG,   G(refresh),   NULL, NULL,
	  "wait until the store is wholly up to date" },
	{ "view",      'V', OPT_STRING, G(view),      "NAME", "@views",
	  "the view that is named so, instead of a command" },
	{ "no-menu",   0,   OPT_FLAG,   G(no_menu),   NULL, NULL,
	  "print, on a terminal too" },
	{ "utc",       0,   OPT_FLAG,   G(utc),       NULL, NULL,
	  "show times in UTC" },
	{ "color",     0,   OPT_STRING, G(color),     "WHEN", "auto|always|never",
	  "colours in the output" },
	{ "read-only", 0,   OPT_FLAG,   G(read_only), NULL, NULL,
	  "refuse what would change the server" },
	{ "yes",       'y', OPT_FLAG,   G(yes),       NULL, NULL,
	  "answer yes to questions" },
	{ "quiet",     'q', OPT_FLAG,   G(quiet),     NULL, NULL,
	  "no remarks and no progress on stderr" },
	{ "verbose",   'v', OPT_FLAG,   G(verbose),   NULL, NULL,
	  "say on stderr what is being done" },
	{ "script",    0,   OPT_STRING, G(script),    "FILE", "@files",
	  "drive the menu from FILE, without a terminal" },
	{ "help",      'h', OPT_FLAG,   G(help),      NULL, NULL,
	  "show this help" },
	{ "version",   0,   OPT_FLAG,   G(version),   NULL, NULL,
	  "show the version" },
	OPT_END,
};
/* clang-format on */

struct found {
	const struct opt *opt;
	char *base;
};

static void
note_given(struct opt_parser *p, const struct found *f)
{
	size_t i = 0;

	while (i < p->n_given && p->given[i] != f->opt)
		i++;
	if (i == p->n_given && i < OPT_GIVEN_MAX && f->base == p->tables[0].base)
		p->given[p->n_given++] = f->opt;
}

static bool
find_long(const struct opt_parser *p, struct str name, struct found *ret)
{
	for (size_t t = 0; t < OPT_TABLES_MAX; t++) {
		for (const struct opt *o = p->tables[t].opts; o && o->name; o++) {
			if (str_eq(name, o->name)) {
				*ret = (struct found){ o, p->tables[t].base };
				return true;
			}
		}
	}
	return false;
}

static bool
find_letter(const struct opt_parser *p, char letter, struct found *ret)
{
	for (size_t t = 0; t < OPT_TABLES_MAX; t++) {
		for (const struct opt *o = p->tables[t].opts; o && o->name; o++) {
			if (o->letter == letter) {
				*ret = (struct found){ o, p->tables[t].base };
				return true;
			}
		}
	}
	return false;
}

static enum weir_rc
fail(const struct opt_parser *p, struct weir_err *err, enum weir_rc rc)
{
	if (rc && p->who)
		(void)weir_prefix(err, "%s", p->who);
	return rc;
}

static enum weir_rc
unknown_long(const struct opt_parser *p, struct str name, struct weir_err *err)
{
	const char *names[128];
	const char *near;
	size_t n = 0;

	for (size_t t = 0; t < OPT_TABLES_MAX; t++)
		for (const struct opt *o = p->tables[t].opts; o && o->name; o++)
			if (n < N_ELEM(names))
				names[n++] = o->name;
	near = text_nearest(name, names, n);
	(void)weir_fail(
		err, WEIR_EUSAGE, "unknown option '--%.*s'", (int)name.len, name.s);
	(void)fail(p, err, WEIR_EUSAGE);
	if (near)
		weir_hint(err, "--%s", near);
	else
		weir_hint(
			err, "weir help%s%s", p->who ? " " : "", p->who ? p->who : "");
	return WEIR_EUSAGE;
}

static enum weir_rc
unknown_letter(
	const struct opt_parser *p, const char *arg, char letter, struct weir_err *err)
{
	(void)weir_fail(err, WEIR_EUSAGE, "unknown option '-%c' in '%s'", letter, arg);
	(void)fail(p, err, WEIR_EUSAGE);
	if (p->query)
		weir_hint(err, "to leave a word out: not %s", arg + 1);
	else
		weir_hint(
			err, "weir help%s%s", p->who ? " " : "", p->who ? p->who : "");
	return WEIR_EUSAGE;
}

struct str
opt_choice(const char *choices, size_t *pos)
{
	const char *s = choices + *pos;
	size_t n = strcspn(s, "|");

	*pos += n + (s[n] == '|');
	return (struct str){ s, n };
}

static enum weir_rc
check_choice(const struct opt *o, const char *value, struct weir_err *err)
{
	char list[256];
	size_t n = 0;

	for (size_t pos = 0; o->choices[pos];) {
		struct str c = opt_choice(o->choices, &pos);

		if (str_eq(c, value))
			return WEIR_OK;
		if (n < sizeof(list))
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%.*s",
				n ? ", " : "", (int)c.len, c.s);
	}
	return weir_fail(
		err, WEIR_EUSAGE, "--%s: '%s' is not one of %s", o->name, value, list);
}

static enum weir_rc
set_int(const struct opt *o, int64_t *slot, const char *value, struct weir_err *err)
{
	int64_t v = 0;

	for (const char *c = value; *c || c == value; c++) {
		if (*c < '0' || *c > '9')
			return weir_fail(err, WEIR_EUSAGE, "--%s: '%s' is not a number",
				o->name, value);
		if (v > (INT64_MAX - 9) / 10)
			return weir_fail(err, WEIR_EUSAGE, "--%s: '%s' is too big",
				o->name, value);
		v = v * 10 + (*c - '0');
	}
	*slot = v;
	return WEIR_OK;
}

static enum weir_rc
set_value(const struct found *f, const char *value, struct weir_err *err)
{
	const struct opt *o = f->opt;
	void *slot = f->base + o->offset;

	if (o->choices && o->choices[0] != '@') {
		enum weir_rc rc = check_choice(o, value, err);

		if (rc)
			return rc;
	}
	if (o->type == OPT_INT)
		return set_int(o, slot, value, err);
	if (o->type == OPT_STRING) {
		*(const char **)slot = value;
	} else {
		struct opt_list *list = slot;

		if (list->n == OPT_LIST_MAX)
			return weir_fail(err, WEIR_EUSAGE, "--%s: more than %d times",
				o->name, OPT_LIST_MAX);
		list->v[list->n++] = value;
	}
	return WEIR_OK;
}

static enum weir_rc
parse_long(struct opt_parser *p, int argc, char **argv, int *i, struct weir_err *err)
{
	const char *arg = argv[*i] + 2;
	const char *eq = strchr(arg, '=');
	struct str name = { arg, eq ? (size_t)(eq - arg) : strlen(arg) };
	struct found f;

	if (!find_long(p, name, &f))
		return unknown_long(p, name, err);
	note_given(p, &f);
	if (f.opt->type == OPT_FLAG) {
		if (eq) {
			(void)weir_fail(
				err, WEIR_EUSAGE, "--%s: takes no value", f.opt->name);
			return fail(p, err, WEIR_EUSAGE);
		}
		*(bool *)(f.base + f.opt->offset) = true;
		return WEIR_OK;
	}
	if (!eq && *i + 1 >= argc) {
		(void)weir_fail(
			err, WEIR_EUSAGE, "--%s: needs %s", f.opt->name, f.opt->arg);
		return fail(p, err, WEIR_EUSAGE);
	}
	return fail(p, err, set_value(&f, eq ? eq + 1 : argv[++*i], err));
}

static enum weir_rc
parse_letters(struct opt_parser *p, int argc, char **argv, int *i, struct weir_err *err)
{
	const char *arg = argv[*i];

	for (const char *c = arg + 1; *c; c++) {
		struct found f;

		if (!find_letter(p, *c, &f))
			return unknown_letter(p, arg, *c, err);
		note_given(p, &f);
		if (f.opt->type == OPT_FLAG) {
			*(bool *)(f.base + f.opt->offset) = true;
			continue;
		}
		if (!c[1] && *i + 1 >= argc) {
			(void)weir_fail(
				err, WEIR_EUSAGE, "-%c: needs %s", *c, f.opt->arg);
			return fail(p, err, WEIR_EUSAGE);
		}
		return fail(p, err, set_value(&f, c[1] ? c + 1 : argv[++*i], err));
	}
	return WEIR_OK;
}

/* `-field:` of a query: two or more of a-z . _ and a colon. */
static bool
is_query_term(const char *arg)
{
	size_t n = strspn(arg + 1, "abcdefghijklmnopqrstuvwxyz._");

	return n >= 2 && arg[1 + n] == ':';
}

enum weir_rc
opt_parse(struct opt_parser *p, int argc, char **argv, int first, int *ret_next,
	struct weir_err *err)
{
	bool only_words = false;
	int i;

	for (i = first; i < argc; i++) {
		const char *arg = argv[i];
		bool word = only_words || arg[0] != '-' || !arg[1] ||
			    (p->query && is_query_term(arg));
		enum weir_rc rc;

		if (word) {
			if (p->stop_at_word)
				break;
			p->words[p->n_words++] = arg;
			continue;
		}
		if (arg[1] == '-' && !arg[2]) {
			only_words = true;
			continue;
		}
		rc = arg[1] == '-' ? parse_long(p, argc, argv, &i, err)
				   : parse_letters(p, argc, argv, &i, err);
		if (rc)
			return rc;
	}
	*ret_next = i;
	return WEIR_OK;
}
