#include "inst_meta.h"

#include <errno.h>
#include <sys/stat.h>

#include "inst_file.h"
#include "inst_name.h"

static const char default_placeholder[] = "/opt/anaconda1anaconda2anaconda3";

/* `<what>: <file>: <why>` */
static enum weir_rc
bad(const char *what, const char *file, const char *why, struct weir_err *err)
{
	return weir_fail(err, WEIR_EBADDATA, "%s: %s: %s", what, file, why);
}

static enum weir_rc
bad_name(const char *what, const char *file, struct str name, const char *why,
	struct weir_err *err)
{
	struct buf shown = BUF_INIT(4096);

	inst_name_show(&shown, name);
	weir_fail(err, WEIR_EBADDATA, "%s: %s: %s: %s", what, file, buf_cstr(&shown),
		why);
	buf_release(&shown);
	return WEIR_EBADDATA;
}

/* An owned object, NULL when it is none. */
static json_t *
parse_object(struct str text, const char *what, const char *file, struct weir_err *err)
{
	json_error_t e;
	json_t *json = json_loadb(text.s ? text.s : "", text.len, 0, &e);

	if (json_is_object(json))
		return json;
	json_decref(json);
	bad(what, file, "not a JSON object", err);
	return NULL;
}

/* ---- index.json */

/* A member of the index as a part of file names. */
static enum weir_rc
get_part(const struct inst_meta *m, const char *member, const char *what,
	const char **ret_text, struct weir_err *err)
{
	const char *text = json_string_value(json_object_get(m->index, member));

	if (!text || !inst_name_is_part(text))
		return weir_fail(err, WEIR_EBADDATA,
			"%s: info/index.json: %s is not a name", what, member);
	*ret_text = text;
	return WEIR_OK;
}

enum weir_rc
inst_meta_parse_index(
	struct inst_meta *m, struct str text, const char *what, struct weir_err *err)
{
	enum weir_rc rc;
	json_t *noarch;

	m->index = parse_object(text, what, "info/index.json", err);
	if (!m->index)
		return WEIR_EBADDATA;
	rc = get_part(m, "name", what, &m->name, err);
	if (!rc)
		rc = get_part(m, "version", what, &m->version, err);
	if (!rc)
		rc = get_part(m, "build", what, &m->build, err);
	noarch = json_object_get(m->index, "noarch");
	if (json_is_true(noarch))
		m->noarch = INST_NOARCH_GENERIC;
	else if (json_is_string(noarch))
		m->noarch = strcmp(json_string_value(noarch), "python") == 0
				    ? INST_NOARCH_PYTHON
				    : INST_NOARCH_GENERIC;
	return rc;
}

/* ---- paths */

static enum weir_rc
add_path(struct inst_meta *m, struct str name, struct inst_path path, const char *what,
	const char *file, struct weir_err *err)
{
	struct buf plain = BUF_INIT(INST_NAME_MAX);
	const char *why = inst_name_plain(name, &plain);
	enum weir_rc rc = WEIR_OK;

	if (!why && !plain.len)
		why = "it is the folder itself";
	if (why) {
		rc = bad_name(what, file, name, why, err);
	} else if (m->paths.n >= INST_PATHS_MAX) {
		rc = weir_fail(err, WEIR_ETOOBIG, "%s: %s: more than %d names", what,
			file, INST_PATHS_MAX);
	} else {
		path.name = arena_strndup(&m->arena, plain.s, plain.len);
		VEC_PUSH(&m->paths, path);
	}
	buf_release(&plain);
	return rc;
}

static const char *
copy_text(struct inst_meta *m, const json_t *text)
{
	return json_is_string(text) ? arena_strndup(&m->arena, json_string_value(text),
					      json_string_length(text))
				    : NULL;
}

static bool
read_type(const json_t *type, enum inst_path_type *ret_type)
{
	static const char *const names[] = {
		[INST_PATH_FILE] = "hardlink",
		[INST_PATH_LINK] = "softlink",
		[INST_PATH_FOLDER] = "directory",
	};

	for (unsigned i = 0; json_is_string(type) && i < N_ELEM(names); i++)
		if (strcmp(json_string_value(type), names[i]) == 0) {
			*ret_type = (enum inst_path_type)i;
			return true;
		}
	return false;
}

static enum weir_rc
parse_path(struct inst_meta *m, const json_t *entry, const char *what,
	struct weir_err *err)
{
	static const char file[] = "info/paths.json";
	const json_t *name = json_object_get(entry, "_path"),
		     *placeholder = json_object_get(entry, "prefix_placeholder"),
		     *size = json_object_get(entry, "size_in_bytes");
	const char *mode = json_string_value(json_object_get(entry, "file_mode"));
	struct inst_path p = { .size = -1 };
	struct str text;

	if (!json_is_string(name))
		return bad(what, file, "a path without a name", err);
	text = (struct str){ json_string_value(name), json_string_length(name) };
	if (!read_type(json_object_get(entry, "path_type"), &p.type))
		return bad_name(what, file, text, "its type is not known", err);
	p.no_link = json_is_true(json_object_get(entry, "no_link"));
	p.sha256 = copy_text(m, json_object_get(entry, "sha256"));
	if (json_is_integer(size) && json_integer_value(size) >= 0)
		p.size = json_integer_value(size);
	if (json_is_string(placeholder) && json_string_length(placeholder)) {
		p.placeholder = copy_text(m, placeholder);
		p.mode = mode && strcmp(mode, "binary") == 0 ? INST_MODE_BINARY
							     : INST_MODE_TEXT;
	}
	return add_path(m, text, p, what, file, err);
}

enum weir_rc
inst_meta_parse_paths(
	struct inst_meta *m, struct str text, const char *what, struct weir_err *err)
{
	json_t *json = parse_object(text, what, "info/paths.json", err), *paths, *entry;
	enum weir_rc rc = WEIR_OK;
	size_t i;

	if (!json)
		return WEIR_EBADDATA;
	paths = json_object_get(json, "paths");
	if (!json_is_array(paths))
		rc = bad(what, "info/paths.json", "it has no list of paths", err);
	json_array_foreach(paths, i, entry)
	{
		rc = parse_path(m, entry, what, err);
		if (rc)
			break;
	}
	json_decref(json);
	return rc;
}

/* ---- what stood in its place: files, has_prefix, no_link, no_softlink */

/* The next line that is not empty; false at the end. */
static bool
next_line(struct str *text, struct str *ret_line)
{
	const char *end;

	while (text->len) {
		end = memchr(text->s, '\n', text->len);
		ret_line->s = text->s;
		ret_line->len = end ? (size_t)(end - text->s) : text->len;
		text->s += ret_line->len + (end != NULL);
		text->len -= ret_line->len + (end != NULL);
		if (ret_line->len && ret_line->s[ret_line->len - 1] == '\r')
			ret_line->len--;
		if (ret_line->len)
			return true;
	}
	return false;
}

static struct inst_path *
find_path(struct inst_meta *m, struct str name)
{
	for (size_t i = 0; i < m->paths.n; i++)
		if (str_eq(name, m->paths.v[i].name))
			return &m->paths.v[i];
	return NULL;
}

/* A word, in quotes or not, from *line. */
static struct str
take_word(struct str *line)
{
	struct str word;
	char end = ' ';

	while (line->len && line->s[0] == ' ')
		line->s++, line->len--;
	if (line->len && (line->s[0] == '"' || line->s[0] == '\'')) {
		end = line->s[0];
		line->s++, line->len--;
	}
	word = *line;
	for (word.len = 0; word.len < line->len && word.s[word.len] != end;)
		word.len++;
	line->s += word.len + (word.len < line->len);
	line->len -= word.len + (word.len < line->len);
	return word;
}

enum weir_rc
inst_meta_parse_prefixes(
	struct inst_meta *m, struct str text, const char *what, struct weir_err *err)
{
	static const char file[] = "info/has_prefix";
	struct str line, first, mode, name;
	struct inst_path *p;

	while (next_line(&text, &line)) {
		first = take_word(&line);
		mode = take_word(&line);
		name = take_word(&line);
		if (!name.len) {
			name = first;
			first = (struct str){ default_placeholder,
				sizeof(default_placeholder) - 1 };
			mode = STR("text");
		}
		p = find_path(m, name);
		if (!p || !first.len)
			return bad_name(what, file, name, "no such file", err);
		p->placeholder = arena_strndup(&m->arena, first.s, first.len);
		p->mode = str_eq(mode, "binary") ? INST_MODE_BINARY : INST_MODE_TEXT;
	}
	return WEIR_OK;
}

static enum weir_rc
read_files(struct inst_meta *m, const char *dir, const char *what, struct weir_err *err)
{
	struct buf text = BUF_INIT(INST_META_MAX);
	enum weir_rc rc = inst_file_read(dir, "info/files", what, &text, err);
	struct str rest = buf_str(&text), line;
	struct inst_path path;
	struct stat st;
	char *full;

	while (!rc && next_line(&rest, &line)) {
		path = (struct inst_path){ .size = -1 };
		full = xasprintf("%s/%.*s", dir, (int)line.len, line.s);
		if (lstat(full, &st) == 0 && S_ISLNK(st.st_mode))
			path.type = INST_PATH_LINK;
		free(full);
		rc = add_path(m, line, path, what, "info/files", err);
	}
	buf_release(&text);
	return rc;
}

static enum weir_rc
read_no_link(struct inst_meta *m, const char *dir, const char *file, const char *what,
	struct weir_err *err)
{
	struct buf text = BUF_INIT(INST_META_MAX);
	enum weir_rc rc = inst_file_read(dir, file, what, &text, err);
	struct str rest = buf_str(&text), line;
	struct inst_path *p;

	while (!rc && next_line(&rest, &line)) {
		p = find_path(m, line);
		if (p)
			p->no_link = true;
	}
	buf_release(&text);
	return rc == WEIR_ENOTFOUND ? WEIR_OK : rc;
}

static enum weir_rc
read_old_paths(
	struct inst_meta *m, const char *dir, const char *what, struct weir_err *err)
{
	struct buf text = BUF_INIT(INST_META_MAX);
	enum weir_rc rc = read_files(m, dir, what, err);

	if (!rc) {
		rc = inst_file_read(dir, "info/has_prefix", what, &text, err);
		rc = rc == WEIR_ENOTFOUND ? WEIR_OK
					  : (rc ? rc
						: inst_meta_parse_prefixes(m,
							  buf_str(&text), what, err));
	}
	if (!rc)
		rc = read_no_link(m, dir, "info/no_link", what, err);
	if (!rc)
		rc = read_no_link(m, dir, "info/no_softlink", what, err);
	buf_release(&text);
	return rc;
}

/* ---- link.json */

enum weir_rc
inst_meta_parse_link(
	struct inst_meta *m, struct str text, const char *what, struct weir_err *err)
{
	static const char file[] = "info/link.json";
	json_t *json = parse_object(text, what, file, err), *lines, *line;
	struct inst_entry e;
	enum weir_rc rc = WEIR_OK;
	size_t i;

	if (!json)
		return WEIR_EBADDATA;
	lines = json_object_get(json_object_get(json, "noarch"), "entry_points");
	json_array_foreach(lines, i, line)
	{
		struct str t = { json_string_value(line), json_string_length(line) };

		if (!json_is_string(line))
			rc = bad(what, file, "an entry point is not text", err);
		else if (!inst_entry_parse(t, &m->arena, &e))
			rc = bad_name(what, file, t, "not an entry point", err);
		if (rc)
			break;
		VEC_PUSH(&m->entries, e);
	}
	json_decref(json);
	return rc;
}

/* ---- the whole */

static int
compare_paths(const void *a, const void *b)
{
	const struct inst_path *const *x = a, *const *y = b;

	return inst_name_compare((*x)->name, (*y)->name);
}

static enum weir_rc
check_paths(const struct inst_meta *m, const char *what, struct weir_err *err)
{
	const struct inst_path **v = xcalloc(m->paths.n + 1, sizeof(*v));
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < m->paths.n; i++)
		v[i] = &m->paths.v[i];
	qsort(v, m->paths.n, sizeof(*v), compare_paths);
	for (size_t i = 0; !rc && i < m->paths.n; i++) {
		if (inst_name_reserved(v[i]->name))
			rc = bad_name(what, "its list of files", str_of(v[i]->name),
				"no package may have that file", err);
		else if (i == 0)
			continue;
		else if (strcmp(v[i]->name, v[i - 1]->name) == 0)
			rc = bad_name(what, "its list of files", str_of(v[i]->name),
				"it is there twice", err);
		else if (v[i - 1]->type != INST_PATH_FOLDER &&
			 inst_name_below(v[i]->name, v[i - 1]->name))
			rc = bad_name(what, "its list of files", str_of(v[i]->name),
				"it is below a file", err);
	}
	free(v);
	return rc;
}

static enum weir_rc
read_all(struct inst_meta *m, const char *dir, const char *what, struct weir_err *err)
{
	struct buf text = BUF_INIT(INST_META_MAX);
	enum weir_rc rc = inst_file_read(dir, "info/index.json", what, &text, err);

	if (!rc)
		rc = inst_meta_parse_index(m, buf_str(&text), what, err);
	if (rc)
		goto out;
	buf_clear(&text);
	rc = inst_file_read(dir, "info/paths.json", what, &text, err);
	if (!rc)
		rc = inst_meta_parse_paths(m, buf_str(&text), what, err);
	else if (rc == WEIR_ENOTFOUND)
		rc = read_old_paths(m, dir, what, err);
	if (!rc)
		rc = check_paths(m, what, err);
	if (rc || m->noarch != INST_NOARCH_PYTHON)
		goto out;
	buf_clear(&text);
	rc = inst_file_read(dir, "info/link.json", what, &text, err);
	if (!rc)
		rc = inst_meta_parse_link(m, buf_str(&text), what, err);
	else if (rc == WEIR_ENOTFOUND)
		rc = WEIR_OK;
out:
	buf_release(&text);
	return rc;
}

enum weir_rc
inst_meta_read(const char *dir, const char *what, struct inst_meta *ret_meta,
	struct weir_err *err)
{
	struct inst_meta m = { 0 };
	enum weir_rc rc = read_all(&m, dir, what, err);

	if (rc)
		inst_meta_release(&m);
	else
		*ret_meta = m;
	return rc;
}

void
inst_meta_release(struct inst_meta *m)
{
	json_decref(m->index);
	VEC_FREE(&m->paths);
	VEC_FREE(&m->entries);
	arena_free(&m->arena);
	*m = (struct inst_meta){ 0 };
}

bool
inst_meta_fits(const struct inst_meta *m, const char *dir)
{
	const struct inst_path *p;
	struct stat st;
	bool ok = true;
	char *full;

	for (size_t i = 0; ok && i < m->paths.n; i++) {
		p = &m->paths.v[i];
		full = xasprintf("%s/%s", dir, p->name);
		ok = p->type == INST_PATH_FOLDER || lstat(full, &st) == 0;
		if (ok && p->type == INST_PATH_FILE && p->size >= 0)
			ok = S_ISREG(st.st_mode) && st.st_size == p->size;
		free(full);
	}
	return ok;
}
