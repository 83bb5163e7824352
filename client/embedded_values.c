/*
 * What jobs refer to and a server would keep: variables and secrets. Here the user
 * keeps them, as files: `[variables]` of weir.conf, and for each secret a file of its
 * name in `secrets` beside that, which nobody else may read. Both are read when they
 * are asked for, and never put into the store.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "embedded_priv.h"
#include "toml_load.h"
#include "weir/mem.h"

enum { SECRET_MAX = 1 << 20, CONF_MAX = 1 << 20 };

/* The text of a file that is there; *ret_mode: who may read it. */
static int
read_text(const char *path, size_t max, struct buf *out, mode_t *ret_mode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error = 0;
	struct stat st;
	char block[4096];
	ssize_t n = 1;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st) < 0)
		error = errno;
	else if (!S_ISREG(st.st_mode))
		error = EINVAL;
	else if (st.st_size > (off_t)max)
		error = EFBIG;
	while (!error && n > 0) {
		n = read(fd, block, sizeof(block));
		if (n < 0)
			error = errno;
		else
			buf_add(out, block, (size_t)n);
	}
	if (!error)
		*ret_mode = st.st_mode;
	close(fd);
	return error;
}

/* Beside weir.conf, whichever that is. */
static char *
beside_conf(const char *conf, const char *folder, const char *name)
{
	const char *slash = strrchr(conf, '/');
	int n = slash ? (int)(slash - conf) : 1;

	return xasprintf("%.*s/%s/%s", n, slash ? conf : ".", folder, name);
}

/* ---- variables */

/* `[variables]`, owned; NULL: the answer says why there is none. */
static json_t *
read_variables(struct embedded_call *c)
{
	struct buf text = BUF_INIT(CONF_MAX + 1);
	json_t *tree = NULL, *all = NULL;
	struct weir_err err = { 0 };
	mode_t mode;
	int error = c->conf ? read_text(c->conf, CONF_MAX, &text, &mode) : ENOENT;

	if (error && error != ENOENT) {
		(void)embedded_refuse(c, 409, "%s: %s", c->conf, strerror(error));
	} else if (!error && toml_load(buf_str(&text), c->conf, &tree, &err)) {
		(void)embedded_refuse(c, 409, "%s", err.text);
	} else {
		all = json_object_get(tree, "variables");
		all = json_is_object(all) ? json_incref(all) : json_object();
	}
	json_decref(tree);
	buf_release(&text);
	return all;
}

static json_t *
variable(const char *name, const json_t *value)
{
	json_t *v = json_object();

	json_object_set_new(v, "name", json_string(name));
	json_object_set(v, "value", (json_t *)(uintptr_t)value);
	json_object_set_new(v, "tags", json_array());
	return v;
}

enum weir_rc
embedded_do_variable(struct embedded_call *c)
{
	json_t *all = read_variables(c);
	const json_t *value = json_object_get(all, c->part[0]);
	enum weir_rc rc = WEIR_OK;

	if (value)
		rc = embedded_answer(c, 200, variable(c->part[0], value));
	else if (all)
		rc = embedded_refuse(c, 404,
			"Variable not found: put %s = \"VALUE\" under [variables] in "
			"%s",
			c->part[0], c->conf ? c->conf : "weir.conf");
	json_decref(all);
	return rc;
}

enum weir_rc
embedded_do_variables(struct embedded_call *c)
{
	json_t *all = read_variables(c), *list, *value;
	const char *name;

	if (!all)
		return WEIR_OK;
	list = json_array();
	json_object_foreach(all, name, value)
		json_array_append_new(list, variable(name, value));
	json_decref(all);
	return embedded_answer(c, 200, list);
}

/* ---- secrets */

static bool
is_file_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') && strlen(name) < 200;
}

/* As a block document of the type `secret`. A newline at the end is not part of it. */
static enum weir_rc
answer_secret(struct embedded_call *c, const char *path, struct str text)
{
	json_t *value, *doc;

	if (text.len && text.s[text.len - 1] == '\n')
		text.len--;
	value = json_stringn(text.s ? text.s : "", text.len);
	if (!value)
		return embedded_refuse(c, 409, "%s: it is not UTF-8 text", path);
	doc = json_pack("{s:s, s:{s:o}, s:s, s:{s:s, s:s}}", "name", c->part[1], "data",
		"value", value, "block_type_name", "Secret", "block_type", "name",
		"Secret", "slug", "secret");
	return embedded_answer(c, 200, doc);
}

static enum weir_rc
read_secret(struct embedded_call *c, const char *path)
{
	struct buf text = BUF_INIT(SECRET_MAX + 1);
	mode_t mode = 0;
	int error = read_text(path, SECRET_MAX, &text, &mode);
	enum weir_rc rc;

	if (error == ENOENT)
		rc = embedded_refuse(c, 404,
			"Block document not found: put the secret into %s (chmod 600)",
			path);
	else if (error)
		rc = embedded_refuse(c, 409, "%s: %s", path, strerror(error));
	else if (mode & (S_IRWXG | S_IRWXO))
		rc = embedded_refuse(
			c, 409, "%s: others may read it: chmod 600 it", path);
	else
		rc = answer_secret(c, path, buf_str(&text));
	buf_release(&text);
	return rc;
}

enum weir_rc
embedded_do_block(struct embedded_call *c)
{
	char *path;
	enum weir_rc rc;

	if (strcmp(c->part[0], "secret") != 0)
		return embedded_refuse(c, 404,
			"Block document not found: %s: without a server there are "
			"blocks of type secret alone",
			c->part[0]);
	if (!c->conf || !is_file_name(c->part[1]))
		return embedded_refuse(c, 404,
			"Block document not found: %s: not a "
			"name of a secret",
			c->part[1]);
	path = beside_conf(c->conf, "secrets", c->part[1]);
	rc = read_secret(c, path);
	free(path);
	return rc;
}
