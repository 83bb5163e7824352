#include "inst_plan.h"

#include <ctype.h>

#include "inst_name.h"

/* ---- what needs what */

struct names {
	const struct inst_unit *units;
	size_t *by_name; /* units, sorted */
	size_t n;
};

static size_t
find_name(const struct names *names, struct str name)
{
	size_t low = 0, high = names->n, mid;
	const char *have;
	int c;

	while (low < high) {
		mid = (low + high) / 2;
		have = names->units[names->by_name[mid]].meta.name;
		c = strncmp(have, name.s, name.len);
		if (c == 0 && have[name.len])
			c = 1;
		if (c == 0)
			return mid;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return names->n;
}

/* The name that a dependency begins with. */
static struct str
name_of(const json_t *dependency)
{
	struct str s = str_of(json_string_value(dependency));
	size_t n = s.s ? strcspn(s.s, " =<>!~[") : 0;

	return (struct str){ s.s, n };
}

/*
 * The names that a unit needs, as places in by_name, rising. Called with room for all.
 */
static size_t
needs_of(const struct names *names, size_t unit, size_t *ret)
{
	json_t *list = json_object_get(names->units[unit].meta.index, "depends"), *one;
	size_t i, j, k, n = 0;

	json_array_foreach(list, i, one)
	{
		k = find_name(names, name_of(one));
		if (k == names->n || n >= names->n)
			continue;
		for (j = n; j > 0 && ret[j - 1] > k; j--)
			ret[j] = ret[j - 1];
		ret[j] = k;
		n++;
	}
	return n;
}

enum { NEW, ENTERED, DONE };

struct walk {
	const struct names *names;
	unsigned char *state;
	VEC(size_t) stack; /* places in by_name */
	size_t *needs, *order, n;
};

static void
push_needs(struct walk *w, size_t at)
{
	size_t n = needs_of(w->names, w->names->by_name[at], w->needs);

	for (size_t i = 0; i < n; i++)
		if (w->state[w->needs[i]] == NEW)
			VEC_PUSH(&w->stack, w->needs[i]);
}

/* What `at` needs, then itself, into the order; the last of equals first. */
static void
visit(struct walk *w, size_t at)
{
	VEC_PUSH(&w->stack, at);
	while (w->stack.n) {
		at = w->stack.v[w->stack.n - 1];
		if (w->state[at] == NEW) {
			w->state[at] = ENTERED;
			push_needs(w, at);
			continue;
		}
		w->stack.n--;
		if (w->state[at] == ENTERED)
			w->order[w->n++] = w->names->by_name[at];
		w->state[at] = DONE;
	}
}

static void
sort_by_need(const struct names *names, size_t *order)
{
	struct walk w = { .names = names, .order = order };
	bool *needed = xcalloc(names->n + 1, sizeof(*needed));
	size_t n;

	w.state = xcalloc(names->n + 1, 1);
	w.needs = xcalloc(names->n + 1, sizeof(*w.needs));
	for (size_t i = 0; i < names->n; i++) {
		n = needs_of(names, i, w.needs);
		for (size_t k = 0; k < n; k++)
			needed[w.needs[k]] = true;
	}
	for (size_t i = names->n; i-- > 0;)
		if (!needed[i])
			visit(&w, i);
	for (size_t i = names->n; i-- > 0;) /* those that need each other */
		if (w.state[i] == NEW)
			visit(&w, i);
	VEC_FREE(&w.stack);
	free(w.needs);
	free(w.state);
	free(needed);
}

/* ---- names */

enum weir_rc
inst_plan_python(const struct inst_meta *m, struct arena *a,
	struct inst_python *ret_python, struct weir_err *err)
{
	const char *site = json_string_value(
		json_object_get(m->index, "python_site_packages_path"));
	struct buf plain = BUF_INIT(INST_NAME_MAX);
	size_t n = strspn(m->version, "0123456789");

	if (n && m->version[n] == '.')
		n += 1 + strspn(m->version + n + 1, "0123456789");
	if (!n || !isdigit((unsigned char)m->version[n - 1]) ||
		n >= sizeof(ret_python->version))
		return weir_fail(err, WEIR_EBADDATA,
			"python %s: its version is not known", m->version);
	memcpy(ret_python->version, m->version, n);
	ret_python->version[n] = '\0';
	ret_python->program = arena_printf(a, "bin/python%s", ret_python->version);
	if (site && !inst_name_plain(str_of(site), &plain) && plain.len)
		ret_python->site = arena_strndup(a, plain.s, plain.len);
	else
		ret_python->site = arena_printf(
			a, "lib/python%s/site-packages", ret_python->version);
	ret_python->any = true;
	buf_release(&plain);
	return WEIR_OK;
}

static const char *
moved(struct inst_plan *p, const char *name)
{
	if (str_starts(str_of(name), "site-packages/"))
		return arena_printf(&p->arena, "%s/%s", p->python.site,
			name + sizeof("site-packages/") - 1);
	if (str_starts(str_of(name), "python-scripts/"))
		return arena_printf(
			&p->arena, "bin/%s", name + sizeof("python-scripts/") - 1);
	return name;
}

static void
add_spots(struct inst_plan *p, const struct inst_meta *m, size_t unit)
{
	bool python = m->noarch == INST_NOARCH_PYTHON;
	struct inst_spot s = { .unit = unit };

	for (size_t i = 0; i < m->paths.n; i++) {
		s.path = &m->paths.v[i];
		s.name = python ? moved(p, s.path->name) : s.path->name;
		VEC_PUSH(&p->spots, s);
	}
	s.path = NULL;
	for (size_t i = 0; python && i < m->entries.n; i++) {
		s.entry = &m->entries.v[i];
		s.name = arena_printf(&p->arena, "bin/%s", s.entry->command);
		VEC_PUSH(&p->spots, s);
	}
}

/* ---- who has a place */

struct claim {
	struct inst_spot *spot;
	size_t rank; /* the greatest has it */
};

static int
compare_claims(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int c = inst_name_compare(x->spot->name, y->spot->name);

	return c ? c : (x->rank > y->rank) - (x->rank < y->rank);
}

static bool
is_folder(const struct claim *c)
{
	return c->spot->path && c->spot->path->type == INST_PATH_FOLDER;
}

/* Claims on the same place or below it, from first on: past the last of them. */
static size_t
claims_below(const struct claim *v, size_t n, size_t first)
{
	const char *name = v[first].spot->name;
	size_t i = first + 1;

	while (i < n && (strcmp(v[i].spot->name, name) == 0 ||
				inst_name_below(v[i].spot->name, name)))
		i++;
	return i;
}

static void
lose(struct inst_plan *p, struct claim *c)
{
	if (!c->spot->lost)
		p->n_lost++;
	c->spot->lost = true;
}

/* The claims from first to end: the same place, and what is below it. */
static void
settle_place(struct inst_plan *p, struct claim *v, size_t first, size_t end)
{
	const char *name = v[first].spot->name;
	size_t best = end;
	bool file = false;

	for (size_t k = first; k < end; k++) {
		if (v[k].spot->lost || is_folder(&v[k]))
			continue;
		file |= strcmp(v[k].spot->name, name) == 0;
		if (best == end || v[k].rank > v[best].rank)
			best = k;
	}
	if (!file)
		return;
	file = strcmp(v[best].spot->name, name) == 0;
	for (size_t k = first; k < end; k++)
		if (file ? k != best
			 : !is_folder(&v[k]) && strcmp(v[k].spot->name, name) == 0)
			lose(p, &v[k]);
}

/*
 * At each place that is a file to somebody: the greatest rank of those that claim it or
 * something below. If that one's is the file, all others lose; else the files do.
 */
static void
settle(struct inst_plan *p, struct claim *v, size_t n)
{
	size_t end;

	for (size_t i = 0; i < n; i++) {
		if (i && strcmp(v[i].spot->name, v[i - 1].spot->name) == 0)
			continue;
		end = claims_below(v, n, i);
		if (end > i + 1)
			settle_place(p, v, i, end);
	}
}

static void
find_clashes(struct inst_plan *p, size_t n_units)
{
	struct claim *v = xcalloc(p->spots.n + 1, sizeof(*v));
	size_t *rank = xcalloc(n_units + 1, sizeof(*rank));

	for (size_t i = 0; i < n_units; i++)
		rank[p->order[i]] = i;
	for (size_t i = 0; i < p->spots.n; i++)
		v[i] = (struct claim){ &p->spots.v[i], rank[p->spots.v[i].unit] };
	qsort(v, p->spots.n, sizeof(*v), compare_claims);
	settle(p, v, p->spots.n);
	free(rank);
	free(v);
}

/* ---- the whole */

static enum weir_rc
sort_names(struct names *names, struct weir_err *err)
{
	const struct inst_unit *u = names->units;
	size_t k;

	/* Insertion: there are hundreds, most of them in order. */
	for (size_t i = 0; i < names->n; i++) {
		for (k = i; k > 0 && strcmp(u[names->by_name[k - 1]].meta.name,
					     u[i].meta.name) > 0;
			k--)
			names->by_name[k] = names->by_name[k - 1];
		names->by_name[k] = i;
	}
	for (size_t i = 1; i < names->n; i++)
		if (strcmp(u[names->by_name[i - 1]].meta.name,
			    u[names->by_name[i]].meta.name) == 0)
			return weir_fail(err, WEIR_EBADDATA,
				"%s: there are two packages of that name",
				u[names->by_name[i]].meta.name);
	return WEIR_OK;
}

static enum weir_rc
place_all(struct inst_plan *p, struct inst_unit *units, size_t n, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < n; i++) {
		units[i].dist = arena_printf(&p->arena, "%s-%s-%s", units[i].meta.name,
			units[i].meta.version, units[i].meta.build);
		if (strcmp(units[i].meta.name, "python") == 0)
			rc = inst_plan_python(
				&units[i].meta, &p->arena, &p->python, err);
	}
	for (size_t i = 0; !rc && i < n; i++) {
		if (units[i].meta.noarch == INST_NOARCH_PYTHON && !p->python.any)
			return weir_fail(err, WEIR_EBADDATA,
				"%s: it needs Python, and there is none among the "
				"packages",
				units[i].dist);
		add_spots(p, &units[i].meta, i);
	}
	return rc;
}

enum weir_rc
inst_plan_make(struct inst_unit *units, size_t n, struct inst_plan *ret_plan,
	struct weir_err *err)
{
	struct inst_plan p = { 0 };
	struct names names = { .units = units, .n = n };
	enum weir_rc rc;

	names.by_name = xcalloc(n + 1, sizeof(*names.by_name));
	p.order = xcalloc(n + 1, sizeof(*p.order));
	rc = sort_names(&names, err);
	if (!rc)
		rc = place_all(&p, units, n, err);
	if (!rc) {
		/* needs_of speaks of units by their names' order. */
		sort_by_need(&names, p.order);
		find_clashes(&p, n);
	}
	free(names.by_name);
	if (rc)
		inst_plan_release(&p);
	else
		*ret_plan = p;
	return rc;
}

void
inst_plan_release(struct inst_plan *p)
{
	free(p->order);
	VEC_FREE(&p->spots);
	arena_free(&p->arena);
	*p = (struct inst_plan){ 0 };
}
