/*
 * Changing one key of weir.conf and nothing else. The value's place comes from the TOML
 * parser; the new text is parsed again and must differ in that key alone before it is
 * written.
 */
#include "config_layer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "toml.h"
#include "toml_load.h"
#include "weir/file.h"
#include "weir/mem.h"

struct edit {
	enum weir_key key;
	const char *profile; /* edit [profiles.PROFILE], NULL: the top of the file */
	const char *path[3];
	size_t n_path;
	struct str text;    /* the file */
	const char *file;   /* its name */
	const char *value;  /* checked; NULL: remove */
	struct buf literal; /* the value as TOML */
	struct buf out;     /* the new file */
};

static void
add_toml_string(struct buf *out, const char *s)
{
	buf_addc(out, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			buf_addf(out, "\\u%04x", c);
		else
			buf_addc(out, (char)c);
	}
	buf_addc(out, '"');
}

/* Offset of the code point at line, column (from 1). */
static size_t
offset_of(struct str text, unsigned line, unsigned column)
{
	size_t i = 0;

	for (unsigned l = 1; l < line && i < text.len; i++)
		l += text.s[i] == '\n';
	for (unsigned c = 1; c < column && i < text.len; c++)
		do
			i++;
		while (i < text.len && (text.s[i] & 0xc0) == 0x80);
	return i;
}

static size_t
line_end(struct str text, size_t i)
{
	while (i < text.len && text.s[i] != '\n')
		i++;
	return i < text.len ? i + 1 : i;
}

static size_t
line_start(struct str text, size_t i)
{
	while (i && text.s[i - 1] != '\n')
		i--;
	return i;
}

static void
splice(struct edit *e, size_t from, size_t to, struct str with)
{
	buf_add(&e->out, e->text.s, from);
	buf_addstr(&e->out, with);
	buf_add(&e->out, e->text.s + to, e->text.len - to);
}

static void
replace(struct edit *e, const struct toml_place *at)
{
	size_t from = offset_of(e->text, at->line, at->column);
	size_t to = offset_of(e->text, at->end_line, at->end_column);

	if (e->value)
		splice(e, from, to, buf_str(&e->literal));
	else
		splice(e, line_start(e->text, from), line_end(e->text, to), STR(""));
}

/* Where a new key of the top goes: before the first table and the comment above it. */
static size_t
top_end(struct str text)
{
	size_t at = 0, i = 0;

	while (i < text.len) {
		size_t j = i;

		while (j < text.len && (text.s[j] == ' ' || text.s[j] == '\t'))
			j++;
		if (j < text.len && text.s[j] == '[')
			return at;
		i = line_end(text, i);
		if (j < text.len && text.s[j] != '#' && text.s[j] != '\n' &&
			text.s[j] != '\r')
			at = i;
	}
	return text.len;
}

static void
insert_line(struct edit *e, size_t at)
{
	struct buf line = BUF_INIT(BUF_MAX);

	if (at && e->text.s[at - 1] != '\n')
		buf_addc(&line, '\n');
	buf_addf(
		&line, "%s = %s\n", weir_key_info(e->key)->name, buf_cstr(&e->literal));
	splice(e, at, at, buf_str(&line));
	buf_release(&line);
}

static void
insert(struct edit *e)
{
	struct toml_place at;

	if (!e->profile) {
		insert_line(e, top_end(e->text));
		return;
	}
	if (!toml_find(e->text.s, e->text.len, e->path, 2, &at)) {
		insert_line(e, line_end(e->text, offset_of(e->text, at.line, 1)));
		return;
	}
	buf_addstr(&e->out, e->text);
	if (e->text.len && e->text.s[e->text.len - 1] != '\n')
		buf_addc(&e->out, '\n');
	buf_addf(&e->out, "%s[profiles.", e->text.len ? "\n" : "");
	add_toml_string(&e->out, e->profile);
	buf_addf(&e->out, "]\n%s = %s\n", weir_key_info(e->key)->name,
		buf_cstr(&e->literal));
}

static json_t *
table_of(json_t *tree, const struct edit *e, bool make)
{
	for (size_t i = 0; i + 1 < e->n_path && tree; i++) {
		json_t *next = json_object_get(tree, e->path[i]);

		if (!next && make) {
			next = json_object();
			json_object_set_new(tree, e->path[i], next);
		}
		tree = next;
	}
	return tree;
}

/* Is the new text the old one but for the key, which has its new value? */
static enum weir_rc
verify(const struct edit *e, json_t *old, struct weir_err *err)
{
	const char *name = weir_key_info(e->key)->name;
	json_t *new = NULL, *table;
	enum weir_rc rc;
	bool good;

	rc = toml_load(buf_str(&e->out), e->file, &new, NULL);
	if (!rc) {
		table = table_of(new, e, false);
		if (e->value) {
			char *text = NULL;
			json_t *v = json_object_get(table, name);

			good = v && !config_check_json(e->key, v, &text) &&
			       !strcmp(text, e->value);
			free(text);
			json_object_set(table_of(old, e, true), name, v);
		} else {
			good = table && !json_object_get(table, name);
			json_object_del(table_of(old, e, true), name);
		}
		good = good && json_equal(old, new);
	}
	json_decref(new);
	if (!rc && good)
		return WEIR_OK;
	weir_fail(err, WEIR_ECONFIG, "%s: %s stands where it cannot be changed safely",
		e->file, name);
	weir_hint(err, "edit the file by hand");
	return WEIR_ECONFIG;
}

static enum weir_rc
make_folders(const char *file, struct weir_err *err)
{
	char *path = xstrdup(file);

	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) && errno != EEXIST) {
			weir_fail(err, WEIR_ECONFIG, "%s: cannot make the folder: %s",
				path, strerror(errno));
			free(path);
			return WEIR_ECONFIG;
		}
		*p = '/';
	}
	free(path);
	return WEIR_OK;
}

/* Whole, beside the old one, synced, renamed over it. A symbolic link is followed. */
static enum weir_rc
write_file(const char *file, const struct buf *out, struct weir_err *err)
{
	char *target = realpath(file, NULL), *temporary;
	enum weir_rc rc;
	int fd;

	rc = make_folders(file, err);
	if (rc) {
		free(target);
		return rc;
	}
	if (!target)
		target = xstrdup(file);
	temporary = xasprintf("%s.XXXXXX", target);
	fd = mkstemp(temporary); /* 0600 */
	if (fd < 0 || !weir_write_all(fd, buf_str(out)) || fsync(fd) ||
		rename(temporary, target))
		rc = weir_fail(err, WEIR_ECONFIG, "%s: cannot write: %s", target,
			strerror(errno));
	if (fd >= 0)
		close(fd);
	if (rc && fd >= 0)
		(void)unlink(temporary);
	if (!rc)
		weir_sync_folder_of(target);
	free(temporary);
	free(target);
	return rc;
}

static enum weir_rc
check_value(struct edit *e, const char *value, char **ret_text, struct weir_err *err)
{
	const struct weir_key_info *info = weir_key_info(e->key);
	const char *why;

	if (!value)
		return WEIR_OK;
	why = *value ? config_check(e->key, str_of(value), ret_text) : "is empty";
	if (why) {
		weir_fail(err, WEIR_EUSAGE, "%s: the value %s", info->name, why);
		weir_hint(err, "%s: %s", info->name, info->help);
		return WEIR_EUSAGE;
	}
	e->value = *ret_text;
	if (config_key_is_bare(e->key))
		buf_adds(&e->literal, e->value);
	else
		add_toml_string(&e->literal, e->value);
	return WEIR_OK;
}

enum weir_rc
config_edit(struct str text, const char *file, const char *profile, enum weir_key key,
	const char *value, struct buf *out, struct weir_err *err)
{
	const char *name = weir_key_info(key)->name;
	struct edit e = { .key = key, .text = text, .file = file };
	struct toml_place at;
	json_t *old = NULL;
	char *checked = NULL;
	enum weir_rc rc;

	if (!text.s)
		e.text = STR("");
	if (profile && key != WEIR_KEY_PROFILE) {
		e.profile = profile;
		e.path[e.n_path++] = "profiles";
		e.path[e.n_path++] = profile;
	}
	e.path[e.n_path++] = name;
	buf_init(&e.literal, BUF_MAX);
	buf_init(&e.out, BUF_MAX);
	rc = toml_load(e.text, file, &old, err);
	if (!rc)
		rc = check_value(&e, value, &checked, err);
	if (rc)
		goto out;
	if (!toml_find(e.text.s, e.text.len, e.path, e.n_path, &at))
		replace(&e, &at);
	else if (value)
		insert(&e);
	else
		rc = weir_fail(
			err, WEIR_ENOTFOUND, "%s: %s is not set there", file, name);
	if (!rc)
		rc = verify(&e, old, err);
	if (!rc)
		buf_addstr(out, buf_str(&e.out));
out:
	json_decref(old);
	free(checked);
	buf_release(&e.literal);
	buf_release(&e.out);
	return rc;
}

enum weir_rc
weir_config_set(const struct weir_config *c, enum weir_key key, const char *value,
	struct weir_err *err)
{
	const char *file = weir_config_file(c);
	struct buf text = BUF_INIT(CONFIG_FILE_MAX + 1), out = BUF_INIT(BUF_MAX);
	enum weir_rc rc;
	unsigned mode;
	bool found;

	rc = config_read_file(&config_real_io, file, &text, &found, &mode, err);
	if (!rc)
		rc = config_edit(
			buf_str(&text), file, c->flag_profile, key, value, &out, err);
	if (!rc)
		rc = write_file(file, &out, err);
	buf_release(&text);
	buf_release(&out);
	return rc;
}
