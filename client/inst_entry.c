#include "inst_entry.h"

#include <ctype.h>

#include "inst_name.h"

/* Bytes of a line that begins with `#!`; Linux reads no more. */
enum { SHEBANG_MAX = 127 };

static struct str
trim(struct str s)
{
	while (s.len && isspace((unsigned char)s.s[0]))
		s.s++, s.len--;
	while (s.len && isspace((unsigned char)s.s[s.len - 1]))
		s.len--;
	return s;
}

static bool
split(struct str s, char at, struct str *ret_left, struct str *ret_right)
{
	const char *p = s.len ? memchr(s.s, at, s.len) : NULL;

	if (!p)
		return false;
	*ret_left = trim((struct str){ s.s, (size_t)(p - s.s) });
	*ret_right = trim((struct str){ p + 1, s.len - (size_t)(p - s.s) - 1 });
	return true;
}

/* `a.b_c`, letters beyond ASCII too. */
static bool
is_dotted(struct str s)
{
	bool first = true;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if (c == '.' && !first)
			first = true;
		else if (isalpha(c) || c == '_' || c >= 0x80 || (isdigit(c) && !first))
			first = false;
		else
			return false;
	}
	return s.len && !first;
}

static bool
is_command(struct str s)
{
	if (s.len == 0 || s.len > INST_PART_MAX || s.s[0] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.s[i]) && !strchr("._-+", s.s[i]))
			return false;
	return !str_eq(s, ".") && !str_eq(s, "..");
}

bool
inst_entry_parse(struct str line, struct arena *a, struct inst_entry *ret_entry)
{
	struct str command, rest, module, function, extras;

	if (line.len && memchr(line.s, '\0', line.len))
		return false;
	if (!split(line, '=', &command, &rest))
		return false;
	if (split(rest, '[', &module, &extras)) {
		if (!extras.len || extras.s[extras.len - 1] != ']')
			return false;
		rest = module;
	}
	if (!split(rest, ':', &module, &function) || !is_command(command) ||
		!is_dotted(module) || !is_dotted(function))
		return false;
	ret_entry->command = arena_strndup(a, command.s, command.len);
	ret_entry->module = arena_strndup(a, module.s, module.len);
	ret_entry->function = arena_strndup(a, function.s, function.len);
	return true;
}

bool
inst_entry_parse_ini(
	struct str text, struct arena *a, struct inst_entries *ret, size_t *ret_line)
{
	struct inst_entry e;
	struct str line;
	bool ours = false;
	const char *end;

	for (*ret_line = 1; text.len; ++*ret_line) {
		end = memchr(text.s, '\n', text.len);
		line.s = text.s;
		line.len = end ? (size_t)(end - text.s) : text.len;
		text.s += line.len + (end != NULL);
		text.len -= line.len + (end != NULL);
		line = trim(line);
		if (!line.len || line.s[0] == '#' || line.s[0] == ';')
			continue;
		if (line.s[0] == '[') {
			ours = str_eq(line, "[console_scripts]") ||
			       str_eq(line, "[gui_scripts]");
			continue;
		}
		if (!ours)
			continue;
		if (!inst_entry_parse(line, a, &e))
			return false;
		VEC_PUSH(ret, e);
	}
	return true;
}

void
inst_entry_shebang(const char *python, struct buf *out)
{
	/* To sh it is a command, to Python a text. */
	if (strlen(python) + 2 > SHEBANG_MAX || strchr(python, ' '))
		buf_addf(out, "#!/bin/sh\n'''exec' \"%s\" \"$0\" \"$@\" #'''", python);
	else
		buf_addf(out, "#!%s", python);
}

void
inst_entry_script(const struct inst_entry *e, const char *python, struct buf *out)
{
	inst_entry_shebang(python, out);
	buf_addf(out,
		"\n# -*- coding: utf-8 -*-\n"
		"import re\n"
		"import sys\n\n"
		"from %s import %.*s\n\n"
		"if __name__ == '__main__':\n"
		"\tsys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', "
		"sys.argv[0])\n"
		"\tsys.exit(%s())\n",
		e->module, (int)strcspn(e->function, "."), e->function, e->function);
}
