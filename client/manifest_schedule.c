#include "manifest_priv.h"
#include "schedule_check.h"

/* One schedule: its finished values, and where they stand in the file. */
struct entry {
	struct reading *r;
	struct spot at;
	json_t *config;
	json_t *out;      /* in the server's words */
	json_t *schedule; /* its member, borrowed */
};

static struct spot
spot_of(const struct entry *e, const char *key)
{
	return SPOT_KEY(&e->at, key, yaml_get(e->at.node, key));
}

static const json_t *
member(const struct entry *e, const char *key)
{
	const json_t *v = json_object_get(e->config, key);

	return v && !json_is_null(v) ? v : NULL;
}

static enum weir_rc
text_member(struct entry *e, const char *key, const char **ret)
{
	const json_t *v = member(e, key);
	struct spot s = spot_of(e, key);

	*ret = json_string_value(v);
	if (v && !*ret)
		return manifest_fail(e->r, &s, "its placeholder is not text");
	if (*ret && !**ret)
		*ret = NULL;
	return WEIR_OK;
}

/* The text of a member that check finds good, set in the schedule. */
static enum weir_rc
checked_text(struct entry *e, const char *key, const char *text,
	bool (*check)(const char *text, struct buf *why))
{
	struct buf why = BUF_INIT(300);
	struct spot s = spot_of(e, key);
	enum weir_rc rc = WEIR_OK;

	if (!check(text, &why))
		rc = manifest_fail(e->r, &s, "%s", buf_cstr(&why));
	else
		json_object_set_new(e->schedule, key, json_string(text));
	buf_release(&why);
	return rc;
}

static enum weir_rc
set_zone(struct entry *e, const char *fallback)
{
	const char *text;
	enum weir_rc rc = text_member(e, "timezone", &text);

	if (!rc && !text)
		text = fallback;
	if (!rc && text)
		rc = checked_text(e, "timezone", text, schedule_check_zone);
	return rc;
}

static enum weir_rc
bool_member(struct entry *e, const char *key, json_t *into)
{
	const json_t *v = member(e, key);
	struct spot s = spot_of(e, key);
	bool yes;

	if (!v)
		return WEIR_OK;
	if (!manifest_lax_bool(v, &yes))
		return manifest_fail(e->r, &s, "must be true or false");
	json_object_set_new(into, key, json_boolean(yes));
	return WEIR_OK;
}

static enum weir_rc
set_cron(struct entry *e, const char *text)
{
	enum weir_rc rc = checked_text(e, "cron", text, schedule_check_cron);

	if (!rc)
		rc = set_zone(e, NULL);
	return rc ? rc : bool_member(e, "day_or", e->schedule);
}

/* ---- every so many seconds */

static enum weir_rc
set_anchor(struct entry *e)
{
	char date[SCHEDULE_DATE_TEXT];
	struct buf why = BUF_INIT(300);
	struct spot s = spot_of(e, "anchor_date");
	const char *text;
	enum weir_rc rc = text_member(e, "anchor_date", &text);

	if (rc || !text)
		return rc;
	if (!schedule_check_date(text, date, &why))
		rc = manifest_fail(e->r, &s, "%s", buf_cstr(&why));
	else
		json_object_set_new(e->schedule, "anchor_date", json_string(date));
	buf_release(&why);
	return rc;
}

static enum weir_rc
set_interval(struct entry *e, const json_t *v)
{
	struct buf why = BUF_INIT(300);
	struct spot s = spot_of(e, "interval");
	enum weir_rc rc = WEIR_OK;
	double seconds = json_number_value(v);

	if (json_is_boolean(v))
		seconds = json_is_true(v);
	if (json_is_string(v) &&
		!schedule_check_duration(json_string_value(v), &seconds, &why))
		rc = manifest_fail(e->r, &s, "%s", buf_cstr(&why));
	else if (!(seconds > 0) || seconds > 86400e9)
		rc = manifest_fail(e->r, &s, "must be longer than nothing");
	else
		json_object_set_new(e->schedule, "interval", json_real(seconds));
	buf_release(&why);
	if (!rc)
		rc = set_anchor(e);
	return rc ? rc : set_zone(e, NULL);
}

/* ---- rules */

/* `{"rrule": ..., "timezone": ...}` as JSON is what Prefect 1 wrote. */
static enum weir_rc
unwrap_rule(struct entry *e, const char *text, json_t *tree)
{
	const char *rule = json_string_value(json_object_get(tree, "rrule"));
	const char *zone = json_string_value(json_object_get(tree, "timezone"));
	struct spot s = spot_of(e, "rrule");
	enum weir_rc rc;

	if (!rule || json_object_size(tree) > (zone ? 2U : 1U))
		return manifest_fail(e->r, &s, "%.60s is no rule", text);
	rc = checked_text(e, "rrule", rule, schedule_check_rrule);
	return rc ? rc : set_zone(e, zone ? zone : "UTC");
}

static enum weir_rc
set_rrule(struct entry *e, const char *text)
{
	json_t *tree = json_loads(text, JSON_DECODE_ANY, NULL);
	enum weir_rc rc;

	if (tree) {
		rc = unwrap_rule(e, text, tree);
		json_decref(tree);
		return rc;
	}
	rc = checked_text(e, "rrule", text, schedule_check_rrule);
	return rc ? rc : set_zone(e, "UTC");
}

/* ---- what stands beside the schedule */

static enum weir_rc
set_slugs(struct entry *e)
{
	static const char *const keys[] = { "slug", "replaces" };
	const char *text;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < N_ELEM(keys) && !rc; i++) {
		struct spot s = spot_of(e, keys[i]);

		rc = text_member(e, keys[i], &text);
		if (rc || !text)
			continue;
		if (e->r->opts->old_server)
			return manifest_fail(
				e->r, &s, "a server of Prefect 2 has no %s", keys[i]);
		json_object_set_new(e->out, keys[i], json_string(text));
	}
	return rc;
}

static enum weir_rc
set_parameters(struct entry *e)
{
	const json_t *v = member(e, "parameters");
	struct spot s = spot_of(e, "parameters");

	if (!json_object_size(v))
		return WEIR_OK;
	if (e->r->opts->old_server)
		return manifest_fail(e->r, &s,
			"a server of Prefect 2 has no parameters of a schedule");
	json_object_set_new(e->out, "parameters", json_deep_copy(v));
	return WEIR_OK;
}

static void
note_idle(struct entry *e, const char *key, const char *only)
{
	struct spot s = spot_of(e, key);

	if (member(e, key) && !member(e, only))
		manifest_note(e->r, &s, "means something with %s only, ignored", only);
}

/* A rule of ours only says what it needs: the rest is the server's default. */
static enum weir_rc
build(struct entry *e)
{
	const char *cron, *rrule;
	const json_t *interval = member(e, "interval");
	enum weir_rc rc;

	rc = text_member(e, "cron", &cron);
	if (!rc)
		rc = text_member(e, "rrule", &rrule);
	if (rc)
		return rc;
	if (cron)
		rc = set_cron(e, cron);
	else if (interval)
		rc = set_interval(e, interval);
	else if (rrule)
		rc = set_rrule(e, rrule);
	else
		rc = manifest_fail(
			e->r, &e->at, "needs one of cron, interval and rrule");
	if (!rc)
		rc = bool_member(e, "active", e->out);
	if (!rc)
		rc = set_parameters(e);
	note_idle(e, "anchor_date", "interval");
	note_idle(e, "day_or", "cron");
	return rc ? rc : set_slugs(e);
}

static enum weir_rc
read_one(struct reading *r, const struct spot *at, const json_t *raw, json_t *list)
{
	struct entry e = { .r = r, .at = *at, .out = json_object() };
	enum weir_rc rc;

	e.schedule = json_object();
	json_object_set_new(e.out, "schedule", e.schedule);
	rc = manifest_finish(r, at, raw, FINISH_DROP, &e.config);
	if (!rc)
		rc = build(&e);
	if (!rc)
		json_array_append(list, e.out);
	json_decref(e.config);
	json_decref(e.out);
	return rc;
}

static enum weir_rc
check_slugs(struct reading *r, const struct spot *at, const json_t *list)
{
	json_t *seen = json_object();
	enum weir_rc rc = WEIR_OK;
	const char *slug;

	for (size_t i = 0; i < json_array_size(list) && !rc; i++) {
		slug = json_string_value(
			json_object_get(json_array_get(list, i), "slug"));
		if (!slug)
			continue;
		if (json_object_get(seen, slug))
			rc = manifest_fail(r, at, "the slug %s is there twice", slug);
		json_object_set_new(seen, slug, json_true());
	}
	json_decref(seen);
	return rc;
}

static enum weir_rc
read_list(struct reading *r, struct draft *d, const struct spot *at, const json_t *raw)
{
	json_t *list = json_array();
	enum weir_rc rc = WEIR_OK;

	json_object_set_new(d->stated, "schedules", list);
	for (size_t i = 0; i < json_array_size(raw) && !rc; i++) {
		const struct ynode *node =
			at->node && at->node->kind == Y_LIST ? at->node->v[i] : NULL;
		struct spot s = SPOT_AT(at, i, node);

		rc = read_one(r, &s, json_array_get(raw, i), list);
	}
	return rc ? rc : check_slugs(r, at, list);
}

enum weir_rc
manifest_schedules(struct reading *r, struct draft *d)
{
	const json_t *one = json_object_get(d->config, "schedule");
	const json_t *many = json_object_get(d->config, "schedules");
	const char *key = json_object_size(one) ? "schedule" : "schedules";
	struct spot s = SPOT_KEY(&d->at, key, yaml_get(d->node, key));
	json_t *list;
	enum weir_rc rc;

	if (json_object_size(one) && many)
		return manifest_fail(
			r, &s, "schedule and schedules are both there: use schedules");
	if (json_object_size(one)) {
		list = json_array();
		json_object_set_new(d->stated, "schedules", list);
		rc = read_one(r, &s, one, list);
		return rc;
	}
	if (json_is_object(one) && !many) {
		json_object_set_new(d->stated, "schedules", json_array());
		return WEIR_OK;
	}
	if (json_is_array(many))
		return read_list(r, d, &s, many);
	json_object_set_new(d->guessed, "schedules", json_array());
	return WEIR_OK;
}
