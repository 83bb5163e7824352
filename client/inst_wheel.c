#include "inst_wheel.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inst_archive.h"
#include "inst_file.h"
#include "inst_name.h"
#include "inst_sum.h"
#include "inst_tmp.h"

enum { TEXT_MAX = 64 << 20, FILE_MODE = 0644, PROGRAM_MODE = 0755 };

struct wheel {
	const struct inst_wheel *w;
	char *tmp;         /* where it is unpacked */
	char *info, *data; /* its folders, below tmp; data: may not be there */
	char *name;        /* of the project, for headers */
	struct arena arena;
	VEC(const char *) names; /* what was put where, below the prefix */
	struct weir_err *err;
};

static enum weir_rc
fail_at(struct wheel *w, enum weir_rc rc, const char *name, const char *why)
{
	struct buf shown = BUF_INIT(4096);

	inst_name_show(&shown, str_of(name));
	weir_fail(w->err, rc, "%s: %s: %s", w->w->file, buf_cstr(&shown), why);
	buf_release(&shown);
	return rc;
}

bool
inst_wheel_is_info(const char *folder, size_t *ret_n)
{
	static const char end[] = ".dist-info";
	size_t n = strlen(folder), m = sizeof(end) - 1;

	if (n <= m || strcmp(folder + n - m, end) != 0)
		return false;
	*ret_n = n - m;
	return memchr(folder, '-', n - m) != NULL;
}

/* Its one `.dist-info`, and `.data` when there is one. */
static enum weir_rc
find_folders(struct wheel *w)
{
	DIR *d = opendir(w->tmp);
	struct dirent *e;
	bool two = false;
	size_t n = 0;

	while (d && (e = readdir(d)))
		if (inst_wheel_is_info(e->d_name, &n)) {
			two |= w->info != NULL;
			free(w->info);
			w->info = xstrdup(e->d_name);
		}
	if (d)
		closedir(d);
	if (!w->info || two)
		return weir_fail(w->err, WEIR_EBADDATA, "%s: it has %s .dist-info",
			w->w->file, two ? "more than one" : "no");
	inst_wheel_is_info(w->info, &n);
	w->data = xasprintf("%.*s.data", (int)n, w->info);
	w->name = xstrndup(w->info, strcspn(w->info, "-"));
	return WEIR_OK;
}

/* A header of a file of the metadata; `Name: value`. */
static struct str
header_of(struct str text, const char *name)
{
	struct str line;
	size_t n = strlen(name);
	const char *end;

	while (text.len) {
		end = memchr(text.s, '\n', text.len);
		line = (struct str){ text.s, end ? (size_t)(end - text.s) : text.len };
		text.s += line.len + (end != NULL);
		text.len -= line.len + (end != NULL);
		if (!str_starts(line, name) || line.len <= n || line.s[n] != ':')
			continue;
		line.s += n + 1;
		line.len -= n + 1;
		while (line.len && line.s[0] == ' ')
			line.s++, line.len--;
		return line;
	}
	return (struct str){ NULL, 0 };
}

static enum weir_rc
check_format(struct wheel *w)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	char *file = xasprintf("%s/WHEEL", w->info);
	enum weir_rc rc = inst_file_read(w->tmp, file, w->w->file, &text, w->err);
	struct str version = header_of(buf_str(&text), "Wheel-Version");

	if (!rc && !str_starts(version, "1."))
		rc = fail_at(w, WEIR_EBADDATA, file, "a version that is not known");
	free(file);
	buf_release(&text);
	return rc == WEIR_ENOTFOUND ? weir_fail(w->err, WEIR_EBADDATA,
					      "%s: it has no WHEEL", w->w->file)
				    : rc;
}

/* ---- moving */

/* `#!python` and `#!pythonw` are to be the environment's. */
static enum weir_rc
put_script(struct wheel *w, const char *from, const char *to)
{
	struct buf text = BUF_INIT(TEXT_MAX), out = BUF_INIT(BUF_MAX);
	char *python = xasprintf("%s/%s", w->w->prefix, w->w->python->program);
	enum weir_rc rc = inst_file_read(
		w->tmp, from + strlen(w->tmp) + 1, w->w->file, &text, w->err);
	struct str rest = buf_str(&text);
	size_t n;

	if (!rc && str_starts(rest, "#!python")) {
		for (n = 0; n < rest.len && rest.s[n] != '\n';)
			n++;
		inst_entry_shebang(python, &out);
		rest.s += n;
		rest.len -= n;
	}
	buf_addstr(&out, rest);
	if (!rc)
		rc = inst_file_make(to, buf_str(&out), PROGRAM_MODE, w->err);
	free(python);
	buf_release(&out);
	buf_release(&text);
	return rc;
}

/* The folder that path, in the environment, lies in. */
static enum weir_rc
make_folder(struct wheel *w, const char *path)
{
	char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	enum weir_rc rc = inst_file_folders_below(w->w->prefix, dir, w->err);

	free(dir);
	return rc ? weir_prefix(w->err, "%s", w->w->file) : WEIR_OK;
}

static enum weir_rc
put_file(struct wheel *w, const char *from, const char *name, bool script)
{
	char *to = xasprintf("%s/%s", w->w->prefix, name);
	enum weir_rc rc = make_folder(w, to);
	struct stat st;

	if (!rc && inst_name_reserved(name))
		rc = fail_at(w, WEIR_EBADDATA, name, "no package may have that file");
	if (!rc && (lstat(from, &st) || !S_ISREG(st.st_mode)))
		rc = fail_at(w, WEIR_EBADDATA, name, "not a file");
	if (!rc && script)
		rc = put_script(w, from, to);
	else if (!rc && (chmod(from, st.st_mode & 0111 ? PROGRAM_MODE : FILE_MODE) ||
				rename(from, to)))
		rc = fail_at(w, WEIR_EFAIL, name, strerror(errno));
	if (!rc)
		VEC_PUSH(&w->names, arena_strndup(&w->arena, name, strlen(name)));
	free(to);
	return rc;
}

/* All files below from (below tmp) to the folder to (below the prefix). */
static enum weir_rc
put_folder(
	struct wheel *w, const char *from, const char *to, bool scripts, unsigned depth)
{
	char *path = xasprintf("%s/%s", w->tmp, from);
	DIR *d = opendir(path);
	struct dirent *e;
	enum weir_rc rc = WEIR_OK;
	struct stat st;

	while (!rc && d && (e = readdir(d))) {
		char *name, *full, *below;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
			(!*from && strcmp(e->d_name, w->data) == 0))
			continue;
		name = xasprintf("%s%s%s", to, *to ? "/" : "", e->d_name);
		full = xasprintf("%s/%s", path, e->d_name);
		below = xasprintf("%s%s%s", from, *from ? "/" : "", e->d_name);
		if (lstat(full, &st))
			rc = fail_at(w, WEIR_EFAIL, below, strerror(errno));
		else if (!S_ISDIR(st.st_mode))
			rc = put_file(w, full, name, scripts);
		else if (depth > INST_DEPTH_MAX)
			rc = fail_at(w, WEIR_EBADDATA, below, "folders are too deep");
		else
			rc = put_folder(w, below, name, scripts, depth + 1);
		free(below);
		free(full);
		free(name);
	}
	if (d)
		closedir(d);
	free(path);
	return rc;
}

static enum weir_rc
put_data(struct wheel *w)
{
	const struct inst_python *p = w->w->python;
	char *headers = xasprintf("include/python%s/%s", p->version, w->name);
	const struct {
		const char *from, *to;
	} rows[] = {
		{ "purelib", p->site },
		{ "platlib", p->site },
		{ "scripts", "bin" },
		{ "headers", headers },
		{ "data", "" },
	};
	enum weir_rc rc = WEIR_OK;
	char *from, *full;

	for (size_t i = 0; !rc && i < N_ELEM(rows); i++) {
		from = xasprintf("%s/%s", w->data, rows[i].from);
		full = xasprintf("%s/%s", w->tmp, from);
		if (access(full, F_OK) == 0)
			rc = put_folder(w, from, rows[i].to,
				strcmp(rows[i].from, "scripts") == 0, 0);
		free(full);
		free(from);
	}
	free(headers);
	return rc;
}

/* ---- what is made */

static enum weir_rc
make_file(struct wheel *w, const char *name, struct str text, mode_t mode)
{
	char *path = xasprintf("%s/%s", w->w->prefix, name);
	enum weir_rc rc = make_folder(w, path);

	if (!rc)
		rc = inst_file_make(path, text, mode, w->err);
	free(path);
	return rc;
}

static enum weir_rc
make_entries(struct wheel *w)
{
	char *file = xasprintf("%s/entry_points.txt", w->info);
	char *python = xasprintf("%s/%s", w->w->prefix, w->w->python->program);
	struct buf text = BUF_INIT(TEXT_MAX), script = BUF_INIT(BUF_MAX);
	struct inst_entries entries = { 0 };
	enum weir_rc rc = inst_file_read(w->tmp, file, w->w->file, &text, w->err);
	size_t line;

	if (rc == WEIR_ENOTFOUND)
		rc = WEIR_OK;
	else if (!rc &&
		 !inst_entry_parse_ini(buf_str(&text), &w->arena, &entries, &line))
		rc = weir_fail(w->err, WEIR_EBADDATA, "%s: %s:%zu: not an entry point",
			w->w->file, file, line);
	for (size_t i = 0; !rc && i < entries.n; i++) {
		const char *name =
			arena_printf(&w->arena, "bin/%s", entries.v[i].command);

		buf_clear(&script);
		inst_entry_script(&entries.v[i], python, &script);
		rc = make_file(w, name, buf_str(&script), PROGRAM_MODE);
		if (!rc)
			VEC_PUSH(&w->names, name);
	}
	VEC_FREE(&entries);
	buf_release(&script);
	buf_release(&text);
	free(python);
	free(file);
	return rc;
}

/* A field of CSV. */
static void
add_field(struct buf *out, const char *text)
{
	if (!strpbrk(text, ",\"\n\r")) {
		buf_adds(out, text);
		return;
	}
	buf_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			buf_addc(out, '"');
		buf_addc(out, *text);
	}
	buf_addc(out, '"');
}

/* Base64 for addresses, without padding. */
static void
add_base64(struct buf *out, const unsigned char *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstu"
				     "vwxyz0123456789-_";
	unsigned bits = 0, have = 0;

	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | p[i];
		for (have += 8; have >= 6; have -= 6)
			buf_addc(out, digits[bits >> (have - 6) & 63]);
	}
	if (have)
		buf_addc(out, digits[bits << (6 - have) & 63]);
}

static unsigned
nibble(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* name as RECORD has it: from the folder of the modules. */
static void
add_record_name(struct wheel *w, struct buf *out, const char *name)
{
	const char *site = w->w->python->site;
	struct buf text = BUF_INIT(BUF_MAX);

	if (inst_name_below(name, site)) {
		buf_adds(&text, name + strlen(site) + 1);
	} else {
		for (const char *c = site; c; c = strchr(c + 1, '/'))
			buf_adds(&text, "../");
		buf_adds(&text, name);
	}
	add_field(out, buf_cstr(&text));
	buf_release(&text);
}

static enum weir_rc
write_record(struct wheel *w)
{
	char *record = xasprintf("%s/%s/RECORD", w->w->python->site, w->info);
	struct buf out = BUF_INIT(BUF_MAX);
	enum weir_rc rc = WEIR_OK;
	unsigned char bytes[32];
	struct inst_sums sums;
	char *path;

	for (size_t i = 0; !rc && i < w->names.n; i++) {
		if (strcmp(w->names.v[i], record) == 0)
			continue;
		path = xasprintf("%s/%s", w->w->prefix, w->names.v[i]);
		rc = inst_sum_file(path, &sums, w->err);
		free(path);
		if (rc)
			break;
		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (unsigned char)(nibble(sums.sha256[2 * k]) << 4 |
						   nibble(sums.sha256[2 * k + 1]));
		add_record_name(w, &out, w->names.v[i]);
		buf_adds(&out, ",sha256=");
		add_base64(&out, bytes, sizeof(bytes));
		buf_addf(&out, ",%lld\n", (long long)sums.size);
	}
	add_record_name(w, &out, record);
	buf_adds(&out, ",,\n");
	if (!rc)
		rc = make_file(w, record, buf_str(&out), FILE_MODE);
	buf_release(&out);
	free(record);
	return rc;
}

/* What an installer adds to what the wheel itself has there. */
static enum weir_rc
put_marker(struct wheel *w, const char *name, struct str text)
{
	const char *path =
		arena_printf(&w->arena, "%s/%s/%s", w->w->python->site, w->info, name);
	enum weir_rc rc = make_file(w, path, text, FILE_MODE);

	for (size_t i = 0; !rc && i < w->names.n; i++)
		if (strcmp(w->names.v[i], path) == 0)
			return rc;
	if (!rc)
		VEC_PUSH(&w->names, path);
	return rc;
}

static enum weir_rc
put_all(struct wheel *w)
{
	enum weir_rc rc = make_entries(w);

	if (!rc)
		rc = put_folder(w, "", w->w->python->site, false, 0);
	if (!rc)
		rc = put_data(w);
	if (!rc)
		rc = put_marker(w, "INSTALLER", STR("weir\n"));
	if (!rc) /* by name, not as what another needs */
		rc = put_marker(w, "REQUESTED", STR(""));
	return rc ? rc : write_record(w);
}

enum weir_rc
inst_wheel_install(const struct inst_wheel *wheel, struct weir_err *err)
{
	struct wheel w = { .w = wheel, .err = err };
	enum weir_rc rc;

	w.tmp = inst_tmp_name(wheel->prefix, wheel->file);
	rc = inst_archive_unpack(wheel->path, wheel->file, w.tmp, NULL, err);
	if (rc)
		goto out;
	rc = find_folders(&w);
	if (!rc)
		rc = check_format(&w);
	if (!rc)
		rc = put_all(&w);
	if (inst_tree_remove(w.tmp, rc ? NULL : err) && !rc)
		rc = WEIR_EFAIL;
out:
	free(w.tmp);
	free(w.info);
	free(w.data);
	free(w.name);
	VEC_FREE(&w.names);
	arena_free(&w.arena);
	return rc;
}
