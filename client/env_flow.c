/*
 * Which environments a flow asks for, by the user's own Python: Metaflow says it with
 * `environment show`.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env_cnd.h"
#include "env_group.h"
#include "proc.h"
#include "python.h"
#include "weir/json.h"

enum {
	PRINTED_MAX = 4 << 20,
	TAIL_LINES = 3, /* of what it printed, when it failed */
	NAME_MAX_LEN = 200,
	READ_SIZE = 1 << 16
};

/* ---- what it said */

struct reading {
	struct weir_store *store;
	struct weir_env_groups *g;
};

struct step {
	const char *name;
	const struct weir_json *v;
	size_t place; /* in the flow */
};

/* Where a line `Step NAME` is in what was printed: the flow's own order. */
static size_t
place_of(struct str printed, const char *name)
{
	char *want = xasprintf("Step %s", name);
	size_t n = strlen(want), at = SIZE_MAX;
	const char *p = printed.s, *end = printed.s + printed.len;

	while (p && p < end && at == SIZE_MAX) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl ? nl : end) - p);

		if (len == n && memcmp(p, want, n) == 0)
			at = (size_t)(p - printed.s);
		p = nl ? nl + 1 : NULL;
	}
	free(want);
	return at;
}

static int
by_place(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return x->place < y->place ? -1 : x->place > y->place;
}

static int
by_text(const void *a, const void *b)
{
	const struct str *x = a, *y = b;
	int cmp = memcmp(x->s, y->s, x->len < y->len ? x->len : y->len);

	return cmp ? cmp : (x->len > y->len) - (x->len < y->len);
}

/* For %.*s: names are no longer than a line bears. */
static int
cut(struct str s)
{
	return (int)(s.len < NAME_MAX_LEN ? s.len : NAME_MAX_LEN);
}

/* The architectures of env, sorted; else the one of the id. */
static void
put_archs(const struct weir_json *env, struct str own, struct buf *out)
{
	const struct weir_json *list = weir_json_get(env, "resolved_archs");
	VEC(struct str) v = { 0 };

	for (size_t i = 0; i < weir_json_size(list); i++) {
		struct str one = weir_json_text(weir_json_at(list, i));

		if (one.len && one.len <= NAME_MAX_LEN)
			VEC_PUSH(&v, one);
	}
	if (!v.n && own.len)
		VEC_PUSH(&v, own);
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_text);
	for (size_t i = 0; i < v.n; i++) {
		buf_adds(out, i ? ", " : "");
		buf_addstr(out, v.v[i]);
	}
	VEC_FREE(&v);
}

/* Does the store have an environment of this requirement set? */
static bool
is_known(const struct reading *r, struct str req_id)
{
	struct weir_env_pair pair;
	char *text = str_copy(req_id);
	bool known = r->store &&
		     weir_env_find(r->store, text, &pair, NULL) == WEIR_OK &&
		     strcmp(pair.req_id, text) == 0;

	free(text);
	return known;
}

static void
take_unresolved(struct reading *r, const struct step *s)
{
	struct str req_id = weir_json_text(weir_json_get(s->v, "requested_hash"));

	if (env_cnd_is_id(req_id) && is_known(r, req_id))
		env_group_add(r->g, s->name, req_id, STR(""), "");
	else
		env_group_alone(r->g, s->name, "not resolved yet");
}

static void
take_step(struct reading *r, const struct step *s)
{
	const struct weir_json *id = weir_json_get(s->v, "env_id");
	struct str error = weir_json_text(weir_json_get(s->v, "error")),
		   from = weir_json_text(weir_json_get(s->v, "from_env_name")),
		   asked = weir_json_text(weir_json_get(s->v, "requested_hash")),
		   req_id = weir_json_text(weir_json_at(id, 0)),
		   full_id = weir_json_text(weir_json_at(id, 1));
	struct buf archs = BUF_INIT(1 << 12);

	put_archs(weir_json_get(s->v, "env"), weir_json_text(weir_json_at(id, 2)),
		&archs);
	if (weir_json_true(weir_json_get(s->v, "is_disabled")))
		env_group_alone(r->g, s->name, "disabled");
	else if (error.len)
		env_group_alone(r->g, s->name, "%.*s", cut(error), error.s);
	else if (weir_json_true(weir_json_get(s->v, "is_fetch_at_exec")))
		env_group_alone(r->g, s->name, "fetched as '%.*s' when it runs",
			cut(from), from.s ? from.s : "");
	else if (!env_cnd_is_id(req_id) || !env_cnd_is_id(full_id))
		take_unresolved(r, s);
	else if (from.len && asked.len && !str_equal(asked, req_id))
		env_group_alone(r->g, s->name, "it has the environment '%.*s'",
			cut(from), from.s);
	else
		env_group_on(r->g,
			env_group_add(r->g, s->name, req_id, full_id, buf_cstr(&archs)),
			weir_json_text(weir_json_at(id, 2)));
	buf_release(&archs);
}

enum weir_rc
weir_env_groups_read(struct weir_store *s, struct str json, struct str printed,
	struct weir_env_groups *ret, struct weir_err *err)
{
	struct weir_env_groups g = { 0 };
	struct reading r = { s, &g };
	VEC(struct step) steps = { 0 };
	struct weir_json *tree = NULL;
	const struct weir_json *v;
	const char *name;
	void *at = NULL;
	enum weir_rc rc = weir_json_parse(json, &tree, err);

	if (!rc && weir_json_type(tree) != WEIR_JSON_OBJECT)
		rc = weir_fail(err, WEIR_EBADDATA, "no JSON object of steps");
	if (!rc && weir_json_size(tree) > WEIR_ENV_FLOW_STEPS_MAX)
		rc = weir_fail(err, WEIR_ETOOBIG, "more than %d steps",
			WEIR_ENV_FLOW_STEPS_MAX);
	while (!rc && weir_json_next(tree, &at, &name, &v))
		if (strlen(name) <= NAME_MAX_LEN &&
			weir_json_type(v) == WEIR_JSON_OBJECT)
			VEC_PUSH(&steps,
				((struct step){ name, v, place_of(printed, name) }));
	/* Those without a place stay behind in their order: few enough for this sort.
	 */
	for (size_t i = 0; i < steps.n; i++)
		if (steps.v[i].place == SIZE_MAX)
			steps.v[i].place -= steps.n - i;
	if (steps.n)
		qsort(steps.v, steps.n, sizeof(*steps.v), by_place);
	for (size_t i = 0; i < steps.n; i++)
		take_step(&r, &steps.v[i]);
	VEC_FREE(&steps);
	weir_json_free(tree);
	if (!rc)
		*ret = g;
	return rc;
}

/* ---- asking */

struct asking {
	const char *file, *python;
	struct weir_store *store;
	char *out; /* the file that it writes; owned */
	struct arena arena;
	struct weir_env_groups *ret;
	struct weir_err *err;
};

/* The last lines, on one. */
static void
put_tail(struct buf *b, struct buf *out)
{
	const char *p;
	size_t lines = 0;

	while (b->len && strchr(" \n\r\t", b->s[b->len - 1]))
		buf_truncate(b, b->len - 1);
	if (!b->len) {
		buf_adds(out, "it failed and said nothing");
		return;
	}
	for (p = b->s + b->len; p > b->s && lines < TAIL_LINES; p--)
		lines += p[-1] == '\n';
	for (p += lines == TAIL_LINES ? 1 : 0; p < b->s + b->len; p++)
		if (*p == '\n')
			buf_adds(out, " | ");
		else if (*p != '\r')
			buf_addc(out, *p);
}

static enum weir_rc
read_out(struct asking *a, struct buf *text)
{
	char *chunk = xmalloc(READ_SIZE);
	int fd = open(a->out, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 &&
		((n = read(fd, chunk, READ_SIZE)) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0)
			buf_add(text, chunk, (size_t)n);
	if (fd >= 0)
		close(fd);
	free(chunk);
	if (n < 0)
		return weir_fail(a->err, WEIR_EFAIL, "%s: %s", a->out, strerror(errno));
	if (text->truncated)
		return weir_fail(a->err, WEIR_ETOOBIG,
			"%.500s: Metaflow said more of it than %d MB", a->file,
			WEIR_ENV_FLOW_MAX >> 20);
	return WEIR_OK;
}

static enum weir_rc
take_answer(struct asking *a, struct proc *p)
{
	struct buf text = BUF_INIT(WEIR_ENV_FLOW_MAX), printed = BUF_INIT(PRINTED_MAX);
	enum weir_rc rc = read_out(a, &text);

	if (!rc && !text.len)
		rc = weir_fail(a->err, WEIR_EFAIL,
			"%.500s: Metaflow said nothing of its environments", a->file);
	buf_addstr(&printed, buf_str(&p->errors));
	buf_addc(&printed, '\n');
	buf_addstr(&printed, buf_str(&p->out));
	if (!rc) {
		rc = weir_env_groups_read(
			a->store, buf_str(&text), buf_str(&printed), a->ret, a->err);
		if (rc)
			(void)weir_prefix(
				a->err, "%.500s: what Metaflow said of it", a->file);
	}
	buf_release(&text);
	buf_release(&printed);
	return rc;
}

/* WEIR_ENOTFOUND: no such program, or it has no Metaflow. */
static enum weir_rc
ask(struct asking *a, const char *python)
{
	static const char *const settings[] = { "PYTHONUNBUFFERED=1",
		"PYTHONIOENCODING=utf-8", NULL };
	const char *words[] = { python, a->file, "--environment=conda", "environment",
		"show", "--output", a->out, NULL };
	struct proc p = {
		.words = words, .more_env = settings, .timeout_ms = WEIR_ENV_FLOW_MS
	};
	struct buf tail = BUF_INIT(1000);
	enum weir_rc rc;

	buf_init(&p.out, PRINTED_MAX);
	buf_init(&p.errors, PRINTED_MAX);
	rc = proc_run(&p, a->err);
	if (!rc && p.status &&
		strstr(buf_cstr(&p.errors), "No module named 'metaflow'")) {
		rc = weir_fail(a->err, WEIR_ENOTFOUND, "%s has no Metaflow", python);
	} else if (!rc && p.status) {
		put_tail(&p.errors, &tail);
		rc = weir_fail(a->err, WEIR_EFAIL, "%.300s: by %.300s: %s", a->file,
			python, buf_cstr(&tail));
		weir_hint(a->err, "%s %.300s --environment=conda environment show",
			python, a->file);
	}
	if (!rc)
		rc = take_answer(a, &p);
	buf_release(&tail);
	buf_release(&p.out);
	buf_release(&p.errors);
	return rc;
}

/* ---- the whole */

static char *
make_out(struct weir_err *err)
{
	const char *folder = getenv("TMPDIR");
	char *path =
		xasprintf("%s/weir-flow-XXXXXX", folder && *folder ? folder : "/tmp");
	int fd = mkstemp(path);

	if (fd >= 0) {
		close(fd);
		return path;
	}
	(void)weir_fail(err, WEIR_EFAIL, "%s: %s", path, strerror(errno));
	free(path);
	return NULL;
}

enum weir_rc
weir_env_groups_of_flow(struct weir_store *s, const char *file, const char *python,
	struct weir_env_groups *ret, struct weir_err *err)
{
	struct asking a = {
		.file = file, .python = python, .store = s, .ret = ret, .err = err
	};
	const char *names[PYTHONS_MAX];
	enum weir_rc rc = WEIR_ENOTFOUND;
	size_t n;

	if (access(file, R_OK) != 0) {
		(void)weir_fail(err, errno == ENOENT ? WEIR_ENOTFOUND : WEIR_EFAIL,
			"--flow %.500s: %s", file, strerror(errno));
		return weir_hint(err, "--flow FILE, the Python file of a flow");
	}
	a.out = make_out(err);
	if (!a.out)
		return WEIR_EFAIL;
	n = python_candidates("metaflow", python, &a.arena, names);
	for (size_t i = 0; i < n && rc == WEIR_ENOTFOUND; i++)
		rc = ask(&a, names[i]);
	if (rc == WEIR_ENOTFOUND && !python)
		(void)weir_fail(err, rc,
			"--flow %.500s: no Python with Metaflow was found", file);
	if (rc == WEIR_ENOTFOUND)
		weir_hint(err, "--python PATH, or --req-id ID, which needs none");
	(void)unlink(a.out);
	free(a.out);
	arena_free(&a.arena);
	return rc;
}
