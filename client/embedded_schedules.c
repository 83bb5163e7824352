/* Schedules of the embedded backend: as Prefect's servers keep them. */
#include "embedded_deployments.h"
#include "schedule_check.h"
#include "schedule_dates.h"
#include "weir/time.h"

/* What one is: exactly one of three. */
static const char *
kind_of(const json_t *schedule)
{
	static const char *const kinds[] = { "cron", "interval", "rrule" };

	for (size_t i = 0; i < N_ELEM(kinds); i++)
		if (json_object_get(schedule, kinds[i]))
			return kinds[i];
	return NULL;
}

/* The schedule itself, with what a server adds to it. Owned. */
static json_t *
whole(struct embedded_call *c, const json_t *given)
{
	json_t *s = json_deep_copy(given);
	const char *kind = kind_of(s);

	if (kind && strcmp(kind, "interval") == 0)
		embedded_default(s, "anchor_date", embedded_time(c->now_us));
	if (kind && strcmp(kind, "cron") == 0)
		embedded_default(s, "day_or", json_true());
	if (kind && strcmp(kind, "cron") != 0)
		embedded_default(s, "timezone", json_string("UTC"));
	else if (!json_object_get(s, "timezone"))
		json_object_set_new(s, "timezone", json_null());
	return s;
}

/* Can dates be had of it? Its zone may be one that only this machine does not know. */
static bool
is_schedule(struct embedded_call *c, const json_t *given, struct buf *why)
{
	const char *zone = embedded_str(given, "timezone");
	struct schedule_dates *dates = NULL;
	struct weir_err err = { 0 };
	json_t *s = whole(c, given);
	enum weir_rc rc = schedule_dates_new(s, &dates, &err);

	schedule_dates_free(dates);
	json_decref(s);
	if (rc == WEIR_ENOTFOUND)
		return !zone || schedule_check_zone(zone, why);
	if (rc)
		buf_adds(why, err.text);
	return !rc;
}

bool
embedded_check_schedules(struct embedded_call *c, const json_t *schedules)
{
	struct buf why = BUF_INIT(1024);
	bool good = true;

	for (size_t i = 0; good && i < json_array_size(schedules); i++) {
		const json_t *one =
			json_object_get(json_array_get(schedules, i), "schedule");

		good = is_schedule(c, one, &why);
		if (!good)
			(void)embedded_refuse(c, 422, "schedules[%zu].schedule: %s", i,
				buf_cstr(&why));
	}
	buf_release(&why);
	return good;
}

void
embedded_merge_schedule(struct embedded_call *c, json_t *schedule, const json_t *given)
{
	static const char *const kept[] = { "active", "max_scheduled_runs",
		"parameters", "slug", NULL };
	const json_t *s = json_object_get(given, "schedule");

	embedded_take(schedule, given, kept);
	if (s)
		json_object_set_new(schedule, "schedule", whole(c, s));
	json_object_set_new(schedule, "updated", embedded_time(c->now_us));
}

static json_t *
new_schedule(struct embedded_call *c, const char *deployment, const json_t *given)
{
	json_t *s = embedded_new(c);

	json_object_set_new(s, "deployment_id", json_string(deployment));
	embedded_merge_schedule(c, s, given);
	embedded_default(s, "active", json_true());
	embedded_default(s, "parameters", json_object());
	if (!json_object_get(s, "max_scheduled_runs"))
		json_object_set_new(s, "max_scheduled_runs", json_null());
	if (!json_object_get(s, "slug"))
		json_object_set_new(s, "slug", json_null());
	return s;
}

json_t *
embedded_new_schedules(
	struct embedded_call *c, const char *deployment, const json_t *given)
{
	json_t *all = json_array();

	for (size_t i = 0; i < json_array_size(given); i++)
		json_array_append_new(
			all, new_schedule(c, deployment, json_array_get(given, i)));
	return all;
}

/* How many have a slug. */
static size_t
slugs(const json_t *all)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(all); i++)
		n += embedded_str(json_array_get(all, i), "slug") != NULL;
	return n;
}

static json_t *
of_slug(const json_t *all, const char *slug)
{
	for (size_t i = 0; slug && i < json_array_size(all); i++) {
		const char *s = embedded_str(json_array_get(all, i), "slug");

		if (s && strcmp(s, slug) == 0)
			return json_array_get(all, i);
	}
	return NULL;
}

bool
embedded_patch_schedules(struct embedded_call *c, json_t *d, const json_t *given)
{
	json_t *old = json_object_get(d, "schedules");
	size_t n = json_array_size(given), had = slugs(old), has = slugs(given);

	if (had && has < n) {
		(void)embedded_refuse(c, 422,
			"Please provide a slug for each schedule in your request to "
			"ensure schedules are updated correctly.");
		return false;
	}
	if (!had || had < json_array_size(old)) {
		json_object_set_new(d, "schedules",
			embedded_new_schedules(c, embedded_str(d, "id"), given));
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(given, i);
		const char *slug = embedded_str(one, "replaces");
		json_t *there = of_slug(old, slug ? slug : embedded_str(one, "slug"));

		if (there)
			embedded_merge_schedule(c, there, one);
		else
			json_array_append_new(
				old, new_schedule(c, embedded_str(d, "id"), one));
	}
	return true;
}

/* ---- rows, for the one that makes runs of them */

static enum weir_rc
put_one(struct embedded_call *c, const struct weir_id *deployment,
	const json_t *schedule)
{
	char *doc = json_out_text(schedule);
	struct weir_id id;
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(c->db, SQL_EMB_SCHEDULE_ADD, &st, c->err);

	if (!rc) {
		(void)embedded_get_id(json_object_get(schedule, "id"), &id);
		db_bind_id(st, 1, &id);
		db_bind_id(st, 2, deployment);
		sqlite3_bind_int(
			st, 3, json_is_true(json_object_get(schedule, "active")));
		db_bind_str(st, 4, str_of(doc));
		rc = db_run(c->db, st, c->err);
	}
	free(doc);
	return rc;
}

static bool
is_among(const json_t *schedules, const struct weir_id *id)
{
	struct weir_id one;

	for (size_t i = 0; i < json_array_size(schedules); i++)
		if (embedded_get_id(json_object_get(json_array_get(schedules, i), "id"),
			    &one) &&
			weir_id_cmp(&one, id) == 0)
			return true;
	return false;
}

enum weir_rc
embedded_put_schedules(struct embedded_call *c, const struct weir_id *deployment,
	const json_t *schedules)
{
	struct id_vec had = { 0 };
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = embedded_ids_of(c, SQL_EMB_SCHEDULE_IDS, deployment, &had);

	for (size_t i = 0; !rc && i < had.n; i++) {
		if (is_among(schedules, &had.v[i]))
			continue;
		rc = db_get(c->db, SQL_EMB_SCHEDULE_DELETE, &st, c->err);
		if (rc)
			break;
		db_bind_id(st, 1, &had.v[i]);
		rc = db_run(c->db, st, c->err);
	}
	for (size_t i = 0; !rc && i < json_array_size(schedules); i++)
		rc = put_one(c, deployment, json_array_get(schedules, i));
	VEC_FREE(&had);
	return rc;
}
