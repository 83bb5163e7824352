/* Answers, and values of JSON, of the embedded backend. */
#include <errno.h>

#include "embedded_priv.h"
#include "pull.h"
#include "weir/time.h"

enum { AFTER_MAX_S = 10 * 365 * 24 * 3600 };

enum weir_rc
embedded_answer(struct embedded_call *c, long status, json_t *owned)
{
	c->status = owned ? status : 204;
	buf_clear(&c->out);
	if (owned)
		json_out(&c->out, owned);
	json_decref(owned);
	return WEIR_OK;
}

static enum weir_rc say(struct embedded_call *c, long status, const char *name,
	const char *fmt, va_list ap) WEIR_PRINTF(4, 0);

static enum weir_rc
say(struct embedded_call *c, long status, const char *name, const char *fmt, va_list ap)
{
	char *text = xvasprintf(fmt, ap);
	json_t *body = json_object(), *s = json_string(text);

	json_object_set_new(body, name, s ? s : json_string("not UTF-8"));
	free(text);
	return embedded_answer(c, status, body);
}

enum weir_rc
embedded_refuse(struct embedded_call *c, long status, const char *fmt, ...)
{
	enum weir_rc rc;
	va_list ap;

	va_start(ap, fmt);
	rc = say(c, status, "detail", fmt, ap);
	va_end(ap);
	return rc;
}

enum weir_rc
embedded_missing(struct embedded_call *c, const char *fmt, ...)
{
	enum weir_rc rc;
	va_list ap;

	va_start(ap, fmt);
	rc = say(c, 404, "exception_message", fmt, ap);
	va_end(ap);
	return rc;
}

json_t *
embedded_time(int64_t us)
{
	char text[WEIR_TIME_TEXT];

	return us == WEIR_NO_TIME ? json_null()
				  : json_string(weir_time_format(us, text));
}

int64_t
embedded_us(const json_t *time)
{
	struct str text = { json_string_value(time), json_string_length(time) };
	int64_t us;

	return text.s && weir_time_parse(text, &us) ? us : WEIR_NO_TIME;
}

int64_t
embedded_after(const struct embedded_call *c, const json_t *seconds)
{
	double s = json_number_value(seconds);

	if (!(s > 0))
		return c->now_us;
	return c->now_us +
	       (int64_t)((s < AFTER_MAX_S ? s : AFTER_MAX_S) * WEIR_SECOND_US);
}

json_t *
embedded_id(const struct weir_id *id)
{
	char text[WEIR_ID_TEXT + 1];

	return weir_id_is_null(id) ? json_null()
				   : json_string(weir_id_format(id, text));
}

bool
embedded_get_id(const json_t *v, struct weir_id *ret_id)
{
	struct str text = { json_string_value(v), json_string_length(v) };

	*ret_id = (struct weir_id){ { 0 } };
	return text.s && weir_id_parse(text, ret_id) && !weir_id_is_null(ret_id);
}

bool
embedded_part(struct embedded_call *c, size_t i, struct weir_id *ret_id)
{
	if (weir_id_parse(str_of(c->part[i]), ret_id))
		return true;
	(void)embedded_refuse(c, 404, "Not Found");
	return false;
}

const char *
embedded_str(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

json_t *
embedded_new(const struct embedded_call *c)
{
	struct weir_id id = weir_id_random();
	json_t *o = json_object();

	json_object_set_new(o, "id", embedded_id(&id));
	json_object_set_new(o, "created", embedded_time(c->now_us));
	json_object_set_new(o, "updated", embedded_time(c->now_us));
	return o;
}

void
embedded_take(json_t *to, const json_t *from, const char *const *names)
{
	for (; *names; names++) {
		json_t *v = json_object_get(from, *names);

		if (v)
			json_object_set(to, *names, v);
	}
}

void
embedded_default(json_t *object, const char *name, json_t *owned)
{
	json_t *v = json_object_get(object, name);

	if (v && (!json_is_null(v) || json_is_null(owned)))
		json_decref(owned);
	else
		json_object_set_new(object, name, owned);
}

static bool
has_text(const json_t *array, const char *text)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *s = json_string_value(json_array_get(array, i));

		if (s && strcmp(s, text) == 0)
			return true;
	}
	return false;
}

json_t *
embedded_union(const json_t *a, const json_t *b)
{
	const json_t *of[] = { a, b };
	json_t *all = json_array();

	for (size_t i = 0; i < N_ELEM(of); i++)
		for (size_t k = 0; k < json_array_size(of[i]); k++) {
			json_t *v = json_array_get(of[i], k);

			if (json_is_string(v) && !has_text(all, json_string_value(v)))
				json_array_append(all, v);
		}
	return all;
}

/* ---- numbers that cannot be kept */

enum { BIG_DEPTH_MAX = 64, DIGITS_SHOWN = 24 };

static bool
is_big(struct str number)
{
	char *text = str_copy(number);
	bool big = strspn(text, "-0123456789") == number.len;

	errno = 0;
	if (big)
		(void)strtoll(text, NULL, 10);
	big = big && errno == ERANGE;
	free(text);
	return big;
}

/* place: that of the value, which stays there when it is the one. */
static bool
find_big(struct pull *p, int depth, struct buf *place, struct str *ret_number)
{
	enum pull_kind kind = pull_peek(p);
	size_t len = place->len, i = 0;
	bool first = true;
	struct str key;

	if ((kind != PULL_OBJECT && kind != PULL_ARRAY) || depth == BIG_DEPTH_MAX) {
		*ret_number = pull_raw(p);
		return kind == PULL_NUMBER && is_big(*ret_number);
	}
	if (!pull_enter(p))
		return false;
	while (kind == PULL_OBJECT ? pull_member(p, &first, &key)
				   : pull_item(p, &first)) {
		if (kind == PULL_OBJECT)
			buf_addf(place, "%s%.*s", len ? "." : "", (int)key.len, key.s);
		else
			buf_addf(place, "[%zu]", i++);
		if (find_big(p, depth + 1, place, ret_number))
			return true;
		buf_truncate(place, len);
	}
	return false;
}

bool
embedded_too_big(struct str body, struct buf *out)
{
	struct arena arena = { 0 };
	struct str number;
	struct pull p;
	bool found;

	pull_init(&p, body, &arena);
	found = find_big(&p, 0, out, &number);
	if (found)
		buf_addf(out,
			"%s%.*s%s: whole numbers of more than 64 bits cannot be "
			"kept in this store, text can",
			out->len ? ": " : "",
			(int)(number.len > DIGITS_SHOWN ? DIGITS_SHOWN : number.len),
			number.s, number.len > DIGITS_SHOWN ? "..." : "");
	arena_free(&arena);
	return found;
}
