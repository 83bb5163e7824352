#include "inst_record.h"

#include <sys/stat.h>

#include "inst_file.h"
#include "weir/config.h"
#include "weir/time.h"

enum { LINK_HARD = 1, LINK_COPY = 3, RECORD_MODE = 0600 };

void
inst_record_url(struct buf *out, const char *url)
{
	const char *host = strstr(url, "://"), *at;
	size_t n;

	if (!host) {
		buf_add(out, url, strcspn(url, "#"));
		return;
	}
	host += 3;
	n = strcspn(host, "/?#");
	buf_add(out, url, (size_t)(host - url));
	/* The last @: a password may have one in it. */
	for (at = host + n; at > host && at[-1] != '@'; at--)
		;
	buf_add(out, at, (size_t)(host + n - at));
	host += n;
	host += weir_url_token(str_of(host));
	buf_add(out, host, strcspn(host, "#"));
}

/* `https://host/channel` of `https://host/channel/subdir/file`; owned. */
static char *
channel_of(const char *url)
{
	const char *end = strrchr(url, '/');

	while (end && end > url && end[-1] != '/')
		end--;
	return end && end > url + 1 ? xstrndup(url, (size_t)(end - 1 - url))
				    : xstrdup("");
}

static void
set_text(json_t *object, const char *name, const char *text)
{
	if (text && *text)
		json_object_set_new(object, name, json_string(text));
}

json_t *
inst_record_new(const json_t *index, const char *url, const char *file, const char *md5,
	const char *sha256, int64_t size)
{
	struct buf plain = BUF_INIT(BUF_MAX);
	json_t *r = json_object(), *value;
	const char *name;
	char *channel;

	json_object_foreach((json_t *)(uintptr_t)index, name, value)
	{
		if (!json_is_null(value))
			json_object_set(r, name, value);
	}
	inst_record_url(&plain, url);
	channel = channel_of(buf_cstr(&plain));
	set_text(r, "fn", file);
	set_text(r, "url", buf_cstr(&plain));
	set_text(r, "channel", channel);
	set_text(r, "md5", md5);
	set_text(r, "sha256", sha256);
	if (size >= 0)
		json_object_set_new(r, "size", json_integer(size));
	free(channel);
	buf_release(&plain);
	return r;
}

/* ---- conda-meta */

static json_t *
path_json(const struct inst_done *d)
{
	static const char *const types[] = {
		[INST_PATH_FILE] = "hardlink",
		[INST_PATH_LINK] = "softlink",
		[INST_PATH_FOLDER] = "directory",
	};
	const struct inst_path *p = d->spot->path;
	json_t *j = json_object();

	set_text(j, "_path", d->place);
	if (d->spot->lost)
		set_text(j, "original_path", d->spot->name);
	set_text(j, "path_type", p ? types[p->type] : "unix_python_entry_point");
	if (p && p->no_link)
		json_object_set_new(j, "no_link", json_true());
	if (!p) {
		set_text(j, "sha256", d->sha256);
	} else {
		set_text(j, "sha256", p->sha256);
		if (!p->sha256 || strcmp(p->sha256, d->sha256) != 0)
			set_text(j, "sha256_in_prefix", d->sha256);
	}
	if (d->size >= 0)
		json_object_set_new(j, "size_in_bytes", json_integer(d->size));
	if (p && p->mode) {
		set_text(j, "file_mode",
			p->mode == INST_MODE_BINARY ? "binary" : "text");
		set_text(j, "prefix_placeholder", p->placeholder);
	}
	return j;
}

enum weir_rc
inst_record_write(const char *at, const struct inst_unit *u,
	const struct inst_dones *done, bool copied, struct weir_err *err)
{
	json_t *r = json_copy(u->record), *files = json_array(), *paths = json_array();
	char *path = xasprintf("%s/conda-meta/%s.json", at, u->dist), *text;
	enum weir_rc rc;

	for (size_t i = 0; i < done->n; i++) {
		json_array_append_new(files, json_string(done->v[i].place));
		json_array_append_new(paths, path_json(&done->v[i]));
	}
	json_object_set_new(r, "extracted_package_dir", json_string(u->dir));
	json_object_set_new(r, "requested_specs", json_array());
	json_object_set_new(r, "files", files);
	json_object_set_new(r, "paths_data",
		json_pack("{s:i, s:o}", "paths_version", 1, "paths", paths));
	json_object_set_new(r, "link",
		json_pack("{s:s, s:i}", "source", u->dir, "type",
			copied ? LINK_COPY : LINK_HARD));
	text = json_dumps(r, JSON_INDENT(2));
	rc = text ? inst_file_make(path, str_of(text), RECORD_MODE, err)
		  : weir_fail(
			    err, WEIR_EBADDATA, "%s: its record is not UTF-8", u->dist);
	free(text);
	free(path);
	json_decref(r);
	return rc;
}

enum weir_rc
inst_record_history(const char *at, const char *command, const struct inst_unit *units,
	size_t n, struct weir_err *err)
{
	char *path = xasprintf("%s/conda-meta/history", at);
	struct buf out = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	buf_adds(&out, "==> ");
	weir_time_absolute(&out, weir_now_us(), false, false);
	buf_addf(&out, " <==\n# cmd: %s\n# weir version: %s\n", command, WEIR_VERSION);
	for (size_t i = 0; i < n; i++) {
		const char *channel = json_string_value(
				   json_object_get(units[i].record, "channel")),
			   *subdir = json_string_value(
				   json_object_get(units[i].record, "subdir"));

		buf_addf(&out, "+%s/%s::%s\n", channel ? channel : "",
			subdir ? subdir : "", units[i].dist);
	}
	rc = inst_file_make(path, buf_str(&out), 0, err);
	buf_release(&out);
	free(path);
	return rc;
}
