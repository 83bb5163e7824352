/*
 * The shim: one walk over toml++'s tree that writes JSON. No iostream, no locale: numbers go
 * through snprintf and charconv, so that start-up initialises nothing of libstdc++.
 */
#define TOML_HEADER_ONLY 1
#ifndef __APPLE__
#define TOML_FLOAT_CHARCONV 1
#define TOML_INT_CHARCONV 1
#endif
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_UNRELEASED_FEATURES 0
#include "toml.h"

#include <toml++/toml.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace
{

void
write_string(std::string &out, std::string_view s)
{
	static const char hex[] = "0123456789abcdef";

	out += '"';
	for (const char ch : s) {
		const auto c = static_cast<unsigned char>(ch);
		if (c == '"' || c == '\\') {
			out += '\\';
			out += ch;
		} else if (c < 0x20 || c == 0x7f) {
			out += "\\u00";
			out += hex[c >> 4];
			out += hex[c & 15];
		} else {
			out += ch;
		}
	}
	out += '"';
}

void
write_integer(std::string &out, int64_t i)
{
	char text[32];
	const auto r = std::to_chars(text, text + sizeof(text), i);

	out.append(text, r.ptr);
}

void
write_double(std::string &out, double d)
{
	char text[40];

	if (std::isnan(d)) {
		out += "\"nan\"";
	} else if (std::isinf(d)) {
		out += d < 0 ? "\"-inf\"" : "\"inf\"";
	} else {
		const auto r = std::to_chars(text, text + sizeof(text), d);
		const std::string_view s(text, static_cast<size_t>(r.ptr - text));
		out += s;
		if (s.find_first_of(".e") == s.npos)
			out += ".0";
	}
}

void
write_date(std::string &out, const toml::date &d)
{
	char text[32];

	std::snprintf(text, sizeof(text), "%04u-%02u-%02u", unsigned{ d.year },
		unsigned{ d.month }, unsigned{ d.day });
	out += text;
}

void
write_time(std::string &out, const toml::time &t)
{
	char text[32];

	std::snprintf(text, sizeof(text), "%02u:%02u:%02u", unsigned{ t.hour },
		unsigned{ t.minute }, unsigned{ t.second });
	out += text;
	if (t.nanosecond) {
		std::snprintf(text, sizeof(text), ".%09u", unsigned{ t.nanosecond });
		out += text;
	}
}

void
write_date_time(std::string &out, const toml::date_time &dt)
{
	char text[32];

	write_date(out, dt.date);
	out += 'T';
	write_time(out, dt.time);
	if (!dt.offset)
		return;
	const int minutes = dt.offset->minutes;
	const int m = minutes < 0 ? -minutes : minutes;
	if (!m) {
		out += 'Z';
		return;
	}
	std::snprintf(text, sizeof(text), "%c%02d:%02d", minutes < 0 ? '-' : '+',
		m / 60, m % 60);
	out += text;
}

void write_node(std::string &out, const toml::node &n, int depth);

void
write_table(std::string &out, const toml::table &t, int depth)
{
	bool first = true;

	out += '{';
	for (const auto &[key, value] : t) {
		if (!first)
			out += ',';
		first = false;
		write_string(out, key.str());
		out += ':';
		write_node(out, value, depth);
	}
	out += '}';
}

void
write_array(std::string &out, const toml::array &a, int depth)
{
	bool first = true;

	out += '[';
	for (const auto &value : a) {
		if (!first)
			out += ',';
		first = false;
		write_node(out, value, depth);
	}
	out += ']';
}

void
write_node(std::string &out, const toml::node &n, int depth)
{
	if (depth > TOML_DEPTH_MAX)
		throw toml::parse_error("nested too deeply", n.source());
	switch (n.type()) {
	case toml::node_type::table:
		return write_table(out, *n.as_table(), depth + 1);
	case toml::node_type::array:
		return write_array(out, *n.as_array(), depth + 1);
	case toml::node_type::string:
		return write_string(out, n.as_string()->get());
	case toml::node_type::integer:
		return write_integer(out, n.as_integer()->get());
	case toml::node_type::floating_point:
		return write_double(out, n.as_floating_point()->get());
	case toml::node_type::boolean:
		out += n.as_boolean()->get() ? "true" : "false";
		return;
	case toml::node_type::date:
		out += '"';
		write_date(out, n.as_date()->get());
		break;
	case toml::node_type::time:
		out += '"';
		write_time(out, n.as_time()->get());
		break;
	case toml::node_type::date_time:
		out += '"';
		write_date_time(out, n.as_date_time()->get());
		break;
	case toml::node_type::none:
		out += "null";
		return;
	}
	out += '"';
}

void
set_error(toml_error *e, std::string_view text, unsigned line, unsigned column)
{
	const size_t n = text.size() < sizeof(e->text) ? text.size() : sizeof(e->text) - 1;

	std::memcpy(e->text, text.data(), n);
	e->text[n] = '\0';
	e->line = line;
	e->column = column;
}

char *
copy_out(const std::string &s)
{
	const auto p = static_cast<char *>(std::malloc(s.size() + 1));

	if (p)
		std::memcpy(p, s.c_str(), s.size() + 1);
	return p;
}

} // namespace

extern "C" __attribute__((visibility("default"))) int
toml_to_json(const char *text, size_t len, char **ret_json, size_t *ret_len,
	toml_error *ret_error)
{
	if (len > TOML_TEXT_MAX) {
		set_error(ret_error, "the file is too big", 1, 1);
		return -1;
	}
	try {
		const toml::table t = toml::parse(std::string_view(text, len));
		std::string out;
		out.reserve(len + 64);
		write_table(out, t, 0);
		char *const json = copy_out(out);
		if (!json) {
			set_error(ret_error, "out of memory", 1, 1);
			return -1;
		}
		*ret_json = json;
		*ret_len = out.size();
		return 0;
	} catch (const toml::parse_error &e) {
		const auto at = e.source().begin;
		set_error(ret_error, e.description(), at.line, at.column);
	} catch (const std::exception &e) {
		set_error(ret_error, e.what(), 1, 1);
	} catch (...) {
		set_error(ret_error, "cannot be read", 1, 1);
	}
	return -1;
}

extern "C" __attribute__((visibility("default"))) int
toml_find(const char *text, size_t len, const char *const *path, size_t n,
	toml_place *ret_place)
{
	try {
		const toml::table t = toml::parse(std::string_view(text, len));
		const toml::node *node = &t;
		for (size_t i = 0; i < n; i++) {
			const toml::table *const in = node->as_table();
			node = in ? in->get(path[i]) : nullptr;
			if (!node)
				return -1;
		}
		const toml::source_region &r = node->source();
		*ret_place = { r.begin.line, r.begin.column, r.end.line, r.end.column };
		return 0;
	} catch (...) {
		return -1;
	}
}
