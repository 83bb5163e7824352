#include "weir/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json_out.h"
#include "manifest_priv.h"
#include "weir/text.h"

/* What the public struct is the head of. */
struct manifest {
	struct weir_manifest pub;
	struct arena arena;
};

/* ---- messages */

static void
add_path(struct buf *b, const struct spot *at)
{
	if (!at)
		return;
	add_path(b, at->up);
	if (!at->key)
		buf_addf(b, "[%zu]", at->index);
	else
		buf_addf(b, "%s%s", b->len ? "." : "", at->key);
}

static struct weir_place
place_of(const struct spot *at)
{
	for (; at; at = at->up)
		if (at->node)
			return (struct weir_place){ at->node->line, at->node->column };
	return (struct weir_place){ 0, 0 };
}

enum weir_rc
manifest_fail(struct reading *r, const struct spot *at, const char *fmt, ...)
{
	struct weir_place p = place_of(at);
	struct buf path = BUF_INIT(300);
	va_list ap;

	va_start(ap, fmt);
	weir_vfail(r->err, WEIR_EBADDATA, fmt, ap);
	va_end(ap);
	add_path(&path, at);
	if (path.len)
		weir_prefix(r->err, "%s", buf_cstr(&path));
	if (p.line)
		weir_prefix(r->err, "%s:%u:%u", r->file, p.line, p.column);
	else
		weir_prefix(r->err, "%s", r->file);
	buf_release(&path);
	return WEIR_EBADDATA;
}

void
manifest_note(struct reading *r, const struct spot *at, const char *fmt, ...)
{
	struct buf text = BUF_INIT(1024);
	va_list ap;

	if (r->notes.n >= MANIFEST_NOTES_MAX)
		return;
	add_path(&text, at);
	buf_adds(&text, text.len ? ": " : "");
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	VEC_PUSH(&r->notes, ((struct weir_manifest_note){ place_of(at),
				    arena_strndup(r->arena, text.s, text.len) }));
	buf_release(&text);
}

/* ---- the file */

static enum weir_rc
read_whole(int fd, const char *file, struct buf *out, struct weir_err *err)
{
	ssize_t n;

	do {
		buf_reserve(out, 1 << 16);
		n = read(fd, out->s + out->len, out->size - out->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return weir_fail(
				err, WEIR_EFAIL, "%s: %s", file, strerror(errno));
		out->len += (size_t)n;
		out->s[out->len] = '\0';
	} while (n && out->len <= WEIR_MANIFEST_BYTES_MAX);
	if (out->len > WEIR_MANIFEST_BYTES_MAX)
		return weir_fail(err, WEIR_ETOOBIG, "%s: more than %d MiB", file,
			WEIR_MANIFEST_BYTES_MAX >> 20);
	return WEIR_OK;
}

enum weir_rc
manifest_read_file(const char *file, struct buf *out, struct weir_err *err)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum weir_rc rc;
	struct stat st;

	if (fd < 0) {
		weir_fail(err, errno == ENOENT ? WEIR_ENOTFOUND : WEIR_EFAIL, "%s: %s",
			file, strerror(errno));
		return errno == ENOENT
			       ? weir_hint(err, "name the file: weir register %s",
					 "FOLDER/prefect.yaml")
		       : err ? err->rc
			     : WEIR_EFAIL;
	}
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		rc = weir_fail(err, WEIR_EFAIL, "%s: not a file", file);
	else
		rc = read_whole(fd, file, out, err);
	close(fd);
	return rc;
}

/* Where the file is and where we are, symbolic links resolved. */
static enum weir_rc
find_folders(struct reading *r, const char **ret_path)
{
	char path[PATH_MAX], cwd[PATH_MAX];
	char *slash;

	if (!getcwd(cwd, sizeof(cwd)))
		return weir_fail(
			r->err, WEIR_EFAIL, "working directory: %s", strerror(errno));
	if (!realpath(r->file, path))
		return weir_fail(
			r->err, WEIR_EFAIL, "%s: %s", r->file, strerror(errno));
	r->cwd = arena_strndup(r->arena, cwd, strlen(cwd));
	*ret_path = arena_strndup(r->arena, path, strlen(path));
	slash = strrchr(path, '/');
	r->folder = arena_strndup(
		r->arena, path, slash == path ? 1 : (size_t)(slash - path));
	return WEIR_OK;
}

static enum weir_rc
load(struct reading *r)
{
	struct buf text = BUF_INIT(WEIR_MANIFEST_BYTES_MAX + (1 << 17));
	enum weir_rc rc;

	rc = manifest_read_file(r->file, &text, r->err);
	if (!rc)
		rc = yaml_load(buf_str(&text), r->file, &r->yaml, r->err);
	buf_release(&text);
	if (rc)
		return rc;
	if (r->yaml.root->kind != Y_MAP)
		return manifest_fail(r, NULL, "the file holds %s, not a mapping",
			yaml_kind_name(r->yaml.root->kind));
	return manifest_shape(r);
}

/* ---- which deployments are meant */

/* Does a name of the options that may be FLOW/DEPLOYMENT mean this one? */
static bool
name_fits(const char *glob, const struct draft *d, const char *flow)
{
	const char *slash = strchr(glob, '/');
	char *flow_glob;
	bool fits;

	if (fnmatch(slash ? slash + 1 : glob, d->name, 0) != 0)
		return false;
	if (!slash || !flow)
		return true;
	flow_glob = xstrndup(glob, (size_t)(slash - glob));
	fits = fnmatch(flow_glob, flow, 0) == 0;
	free(flow_glob);
	return fits;
}

static bool
is_meant(const struct weir_manifest_opts *o, const struct draft *d, const char *flow)
{
	for (size_t i = 0; i < o->n_names; i++)
		if (name_fits(o->names[i], d, flow))
			return true;
	return !o->n_names;
}

static void
draft_release(struct draft *d)
{
	json_decref(d->config);
	json_decref(d->stated);
	json_decref(d->guessed);
	json_decref(d->triggers);
	manifest_flow_release(&d->flow);
}

VEC_TYPE(drafts, struct draft);

static enum weir_rc
begin_drafts(struct reading *r, const struct spot *list, struct drafts *out)
{
	const struct ynode *v = yaml_get(r->yaml.root, "deployments");
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; v && i < v->n && !rc; i++) {
		struct draft d = { .node = v->v[i] };

		d.at = SPOT_AT(list, i, v->v[i]);
		rc = manifest_head(r, &d);
		if (rc || !is_meant(r->opts, &d, NULL)) {
			draft_release(&d);
			continue;
		}
		rc = manifest_config(r, &d);
		VEC_PUSH(out, d);
	}
	return rc;
}

/* Now that flows have names: those that FLOW/DEPLOYMENT does not mean go. */
static void
drop_others(struct reading *r, struct drafts *v)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->n; i++) {
		if (is_meant(r->opts, &v->v[i], v->v[i].flow.name))
			v->v[kept++] = v->v[i];
		else
			draft_release(&v->v[i]);
	}
	v->n = kept;
}

static enum weir_rc
no_such(struct reading *r, const char *glob)
{
	const struct ynode *v = yaml_get(r->yaml.root, "deployments");
	const char *slash = strrchr(glob, '/'), *nearest;
	const char **names = xcalloc(v ? v->n + 1 : 1, sizeof(*names));
	const struct ynode *name;
	size_t n = 0;

	for (size_t i = 0; v && i < v->n; i++)
		if ((name = yaml_get(v->v[i], "name")) && name->kind == Y_TEXT)
			names[n++] = name->text;
	nearest = text_nearest(str_of(slash ? slash + 1 : glob), names, n);
	free(names);
	weir_fail(r->err, WEIR_ENOTFOUND, "%s: no deployment %s", r->file, glob);
	return nearest ? weir_hint(r->err, "%s", nearest) : WEIR_ENOTFOUND;
}

static enum weir_rc
check_names(struct reading *r, const struct drafts *v)
{
	for (size_t i = 0; i < r->opts->n_names; i++) {
		bool used = false;

		for (size_t k = 0; k < v->n && !used; k++)
			used = name_fits(
				r->opts->names[i], &v->v[k], v->v[k].flow.name);
		if (!used)
			return no_such(r, r->opts->names[i]);
	}
	return WEIR_OK;
}

/* Two entries of one name would undo each other at each run. */
static enum weir_rc
check_twins(struct reading *r, const struct drafts *v)
{
	json_t *seen = json_object();
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < v->n && !rc; i++) {
		const struct draft *d = &v->v[i];
		char *name = xasprintf("%s/%s", d->flow.name, d->name);
		const json_t *before = json_object_get(seen, name);

		if (before)
			rc = manifest_fail(r, &d->at, "%s is also at line %d", name,
				(int)json_integer_value(before));
		json_object_set_new(seen, name, json_integer(d->node->line));
		free(name);
	}
	json_decref(seen);
	return rc;
}

/* ---- the result */

static struct str
dump(struct reading *r, const json_t *v)
{
	char *text;
	struct str s;

	if (!v)
		return STR("");
	text = json_out_text(v);
	if (!text)
		return STR("null");
	s.len = strlen(text);
	s.s = arena_strndup(r->arena, text, s.len);
	free(text);
	return s;
}

static void
finish_entry(struct reading *r, struct draft *d, struct weir_manifest_entry *ret)
{
	*ret = (struct weir_manifest_entry){
		.name = d->name,
		.flow_name = d->flow.name,
		.entrypoint = d->entrypoint,
		.place = { d->node->line, d->node->column },
		.stated = dump(r, d->stated),
		.guessed = dump(r, d->guessed),
		.triggers = dump(r, d->triggers),
	};
}

static enum weir_rc
read_entries(struct reading *r, struct weir_manifest *m)
{
	struct spot list = SPOT_KEY(NULL, "deployments", NULL);
	struct drafts v = { 0 };
	enum weir_rc rc;

	rc = begin_drafts(r, &list, &v);
	if (!rc)
		rc = manifest_flows(r, v.v, v.n);
	if (!rc) {
		drop_others(r, &v);
		rc = check_names(r, &v);
	}
	if (!rc)
		rc = check_twins(r, &v);
	for (size_t i = 0; i < v.n && !rc; i++)
		rc = manifest_body(r, &v.v[i]);
	if (!rc && v.n) {
		m->v = arena_zalloc(r->arena, v.n * sizeof(*m->v));
		for (m->n = 0; m->n < v.n; m->n++)
			finish_entry(r, &v.v[m->n], &m->v[m->n]);
	}
	for (size_t i = 0; i < v.n; i++)
		draft_release(&v.v[i]);
	VEC_FREE(&v);
	return rc;
}

static void
keep_notes(struct reading *r, struct weir_manifest *m)
{
	size_t size = r->notes.n * sizeof(*m->notes);

	if (r->notes.n) {
		m->notes = arena_alloc(r->arena, size);
		memcpy(m->notes, r->notes.v, size);
		m->n_notes = r->notes.n;
	}
}

enum weir_rc
weir_manifest_read(const struct weir_manifest_opts *opts,
	struct weir_manifest **ret_manifest, struct weir_err *err)
{
	struct manifest *m = xcalloc(1, sizeof(*m));
	struct reading r = { .opts = opts, .arena = &m->arena, .err = err };
	const struct ynode *name;
	enum weir_rc rc;

	r.file = opts->path ? opts->path : "prefect.yaml";
	rc = load(&r);
	if (!rc)
		rc = find_folders(&r, &m->pub.path);
	if (!rc)
		rc = read_entries(&r, &m->pub);
	if (!rc) {
		name = yaml_get(r.yaml.root, "name");
		m->pub.name = name && name->kind == Y_TEXT
				      ? arena_strndup(&m->arena, name->text, name->n)
				      : "";
		keep_notes(&r, &m->pub);
		*ret_manifest = &m->pub;
	}
	VEC_FREE(&r.notes);
	yaml_free(&r.yaml);
	if (rc)
		weir_manifest_free(&m->pub);
	return rc;
}

void
weir_manifest_free(struct weir_manifest *m)
{
	struct manifest *whole = (struct manifest *)m;

	if (!m)
		return;
	arena_free(&whole->arena);
	free(whole);
}
