/*
 * What packages say of themselves, by the first byte: paths.json, index.json,
 * link.json, has_prefix, an entry point, entry_points.txt, a list, a name, a link, a
 * prefix. Names that are taken stay inside.
 */
#include <stddef.h>
#include <stdint.h>

#include "inst_meta.h"
#include "inst_name.h"
#include "inst_prefix.h"
#include "weir/inst.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_inside(const char *name)
{
	struct buf plain = BUF_INIT(INST_NAME_MAX);

	size_t n = strlen(name);

	if (*name == '/' || strstr(name, "/../") || str_starts(str_of(name), "../") ||
		strcmp(name, "..") == 0 || strstr(name, "//") ||
		(n > 2 && strcmp(name + n - 3, "/..") == 0))
		abort();
	/* It is plain: made plain again it is the same. */
	if (inst_name_plain(str_of(name), &plain) || strcmp(name, buf_cstr(&plain)))
		abort();
	buf_release(&plain);
}

static void
check_meta(struct inst_meta *m)
{
	for (size_t i = 0; i < m->paths.n; i++)
		check_inside(m->paths.v[i].name);
	for (size_t i = 0; i < m->entries.n; i++)
		if (!inst_name_is_part(m->entries.v[i].command) ||
			strpbrk(m->entries.v[i].module, "\n'\"(;") ||
			strpbrk(m->entries.v[i].function, "\n'\"(;"))
			abort();
	if (m->build &&
		(!inst_name_is_part(m->name) || !inst_name_is_part(m->version) ||
			!inst_name_is_part(m->build)))
		abort();
	inst_meta_release(m);
}

static void
try_json(int which, struct str text)
{
	static enum weir_rc (*const parse[])(
		struct inst_meta *, struct str, const char *, struct weir_err *) = {
		inst_meta_parse_paths,
		inst_meta_parse_index,
		inst_meta_parse_link,
		inst_meta_parse_prefixes,
	};
	struct inst_meta m = { 0 };
	struct weir_err err = { 0 };

	if (parse[which](&m, text, "fuzz", &err)) {
		if (!*err.text)
			abort();
		m.build = NULL;
	}
	check_meta(&m);
}

static void
try_entries(struct str text)
{
	struct inst_meta m = { 0 };
	struct inst_entry e;
	size_t line;

	if (inst_entry_parse(text, &m.arena, &e))
		VEC_PUSH(&m.entries, e);
	if (!inst_entry_parse_ini(text, &m.arena, &m.entries, &line) && line == 0)
		abort();
	check_meta(&m);
}

static void
try_list(struct str text)
{
	struct weir_inst_list *list;
	const struct weir_inst_package *p;
	struct weir_err err = { 0 };
	size_t n;

	if (weir_inst_list_parse(text, "fuzz", &list, &err)) {
		if (!*err.text)
			abort();
		return;
	}
	p = weir_inst_list_packages(list, &n);
	for (size_t i = 0; i < n; i++)
		if (!inst_name_is_part(p[i].file))
			abort();
	weir_inst_list_free(list);
}

static void
try_name(struct str text)
{
	struct buf plain = BUF_INIT(INST_NAME_MAX);
	bool look;

	if (!inst_name_plain(text, &plain) && plain.len)
		check_inside(buf_cstr(&plain));
	/* Directly in the folder, `..` first leads out. */
	if (str_starts(text, "..") && (text.len == 2 || text.s[2] == '/') &&
		!inst_name_link("x", text, &look))
		abort();
	buf_release(&plain);
}

static void
try_prefix(struct str text)
{
	struct buf out = BUF_INIT(BUF_MAX);

	inst_prefix_text(text, "/old/prefix", "/new", &out);
	buf_clear(&out);
	if (!inst_prefix_binary(text, "/old/prefix", "/new", &out) ||
		out.len != text.len)
		abort();
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data + 1, size - 1 };

	if (size == 0)
		return 0;
	switch (data[0]) {
	case '0':
	case '1':
	case '2':
	case '3':
		try_json(data[0] - '0', text);
		break;
	case '4':
		try_entries(text);
		break;
	case '5':
		try_list(text);
		break;
	case '6':
		try_name(text);
		break;
	default:
		try_prefix(text);
	}
	return 0;
}
