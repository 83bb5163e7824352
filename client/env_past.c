/* Selections of environments as the state store keeps them, to be taken back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/env_write.h"
#include "weir/text.h"
#include "weir/time.h"

#define SPACE "env-selected"

/* A name is the time in 20 digits, a mark, and the file. */
enum { STAMP = 20, SELECTED = ' ', UNDOING = '-' };

static void
add_field(struct buf *b, const char *s, char end)
{
	/* What is no id was never put there by Metaflow. */
	if (s && !strpbrk(s, "\t\n"))
		buf_adds(b, s);
	buf_addc(b, end);
}

struct old_names {
	size_t n;
	char *oldest; /* owned */
};

static bool
on_count(void *arg, const char *name, const char *text)
{
	struct old_names *o = arg;

	(void)text;
	if (!o->n++)
		o->oldest = xstrdup(name);
	return true;
}

static enum weir_rc
drop_oldest(struct weir_statedb *s, struct weir_err *err)
{
	struct old_names o = { 0 };
	enum weir_rc rc = weir_statedb_each(s, SPACE, on_count, &o, err);

	if (!rc && o.n > WEIR_ENV_PAST_MAX)
		rc = weir_statedb_put(s, SPACE, o.oldest, NULL, err);
	free(o.oldest);
	return rc;
}

enum weir_rc
weir_env_past_put(struct weir_statedb *s, const char *file, struct weir_env_past *p,
	struct weir_err *err)
{
	struct buf b = BUF_INIT(WEIR_STATEDB_TEXT_MAX);
	enum weir_rc rc;

	if (!p->name)
		p->name = xasprintf("%0*" PRId64 "%c%s", STAMP, weir_now_us(),
			p->undoing ? UNDOING : SELECTED, file);
	for (size_t i = 0; i < p->v.n; i++) {
		add_field(&b, p->v.v[i].arch, '\t');
		add_field(&b, p->v.v[i].req_id, '\t');
		add_field(&b, p->v.v[i].was, '\t');
		add_field(&b, p->v.v[i].is, '\n');
	}
	rc = weir_statedb_put(s, SPACE, p->name, buf_cstr(&b), err);
	buf_release(&b);
	return rc ? rc : drop_oldest(s, err);
}

struct hunt {
	const char *file;
	char *name, *text; /* the newest so far; owned */
};

static bool
on_past(void *arg, const char *name, const char *text)
{
	struct hunt *h = arg;

	if (strlen(name) <= STAMP || name[STAMP] != SELECTED ||
		strcmp(name + STAMP + 1, h->file) != 0 ||
		(h->name && strcmp(name, h->name) < 0))
		return true;
	free(h->name);
	free(h->text);
	h->name = xstrdup(name);
	h->text = xstrdup(text);
	return true;
}

static void
read_line(struct weir_env_past *p, char *line)
{
	char *field[4] = { NULL };
	size_t n = 0;

	for (char *at = line; at && n < N_ELEM(field); n++)
		field[n] = strsep(&at, "\t");
	if (n == N_ELEM(field))
		VEC_PUSH(&p->v, ((struct weir_env_swap){ .arch = field[0],
					.req_id = field[1],
					.was = *field[2] ? field[2] : NULL,
					.is = *field[3] ? field[3] : NULL }));
}

static void
read_lines(struct weir_env_past *p, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		if (*line && p->v.n < WEIR_ENV_CHOICES_MAX)
			read_line(p, line);
}

enum weir_rc
weir_env_past_last(struct weir_statedb *s, const char *file, struct weir_env_past *ret,
	struct weir_err *err)
{
	struct hunt h = { .file = file };
	struct weir_env_past p = { .name = NULL };
	enum weir_rc rc = weir_statedb_each(s, SPACE, on_past, &h, err);

	if (!rc && !h.name)
		rc = weir_fail(err, WEIR_ENOTFOUND,
			"%s: nothing that weir selected in it is left", file);
	if (!rc) {
		p.name = xstrdup(h.name);
		read_lines(&p, arena_strndup(&p.arena, h.text, strlen(h.text)));
		*ret = p;
	}
	free(h.name);
	free(h.text);
	return rc;
}

struct later {
	const struct weir_env_past *of;
	const struct weir_env_choice *c;
	bool seen, found; /* itself; one after it */
};

static bool
on_later(void *arg, const char *name, const char *text)
{
	struct later *l = arg;
	struct weir_env_past p = { .name = NULL };
	char *copy;

	if (!l->seen || strlen(name) <= STAMP ||
		strcmp(name + STAMP + 1, l->of->name + STAMP + 1) != 0) {
		l->seen = l->seen || strcmp(name, l->of->name) == 0;
		return true;
	}
	copy = arena_strndup(&p.arena, text, strlen(text));
	read_lines(&p, copy);
	for (size_t i = 0; i < p.v.n && !l->found; i++) {
		const struct weir_env_swap *s = &p.v.v[i];

		l->found = strcmp(s->arch, l->c->arch) == 0 &&
			   strcmp(s->req_id, l->c->req_id) == 0;
	}
	weir_env_past_release(&p);
	return !l->found;
}

bool
weir_env_past_overtaken(struct weir_statedb *s, const struct weir_env_past *p,
	const struct weir_env_choice *c)
{
	struct later l = { .of = p, .c = c };

	if (!p->name || weir_statedb_each(s, SPACE, on_later, &l, NULL))
		return false;
	return !l.seen || l.found;
}

enum weir_rc
weir_env_past_forget(
	struct weir_statedb *s, const struct weir_env_past *p, struct weir_err *err)
{
	return weir_statedb_put(s, SPACE, p->name, NULL, err);
}

static void
add_text(struct buf *out, const char *key, const char *s)
{
	buf_addf(out, ",\"%s\":", key);
	if (s)
		text_json(out, str_of(s));
	else
		buf_adds(out, "null");
}

void
weir_env_swap_json(const struct weir_env_swap *s, struct buf *out)
{
	buf_adds(out, "{\"arch\":");
	text_json(out, str_of(s->arch));
	add_text(out, "req_id", s->req_id);
	add_text(out, "was", s->was);
	add_text(out, "is", s->is);
	buf_addc(out, '}');
}

void
weir_env_past_release(struct weir_env_past *p)
{
	VEC_FREE(&p->v);
	free(p->name);
	arena_free(&p->arena);
	*p = (struct weir_env_past){ .name = NULL };
}
