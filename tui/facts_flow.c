/* Facts of flows and deployments. */
#include <string.h>

#include <weir/time.h>

#include "facts_parts.h"
#include "word.h"

enum { NEXT_RUNS = 5 };

/* ---- a flow */

struct flow {
	struct str name;
	struct buf query; /* of its runs */
};

static void
deployment_line(struct facts *f, const struct weir_rows *rows, void *arg)
{
	bool *first = arg, wide = f->p->width >= 70;

	if (*first) {
		page_blank(f->p);
		page_begin(f->p, 0);
		page_gap(f->p, 2);
		page_add(f->p, STYLE_HEADER, STR("  STATUS"), 12, false);
		page_gap(f->p, 1);
		page_add(f->p, STYLE_HEADER, STR("DEPLOYMENT"), 26, false);
		if (wide)
			page_add(f->p, STYLE_HEADER, STR("POOL"), 14, false);
		if (wide)
			page_add(f->p, STYLE_HEADER, STR("QUEUE"), 12, false);
		page_add(f->p, STYLE_HEADER, STR("PAUSED"), 0, false);
	}
	*first = false;
	page_begin(f->p, weir_rows_key(rows) * WEIR_N_KINDS + WEIR_DEPLOYMENT);
	page_gap(f->p, 2);
	facts_status(f, weir_rows_cell(rows, 1)->s, 10);
	page_gap(f->p, 1);
	page_add(f->p, STYLE_PLAIN, weir_rows_cell(rows, 0)->s, 26, false);
	if (wide)
		page_add(f->p, STYLE_PLAIN, weir_rows_cell(rows, 2)->s, 14, false);
	if (wide)
		page_add(f->p, STYLE_PLAIN, weir_rows_cell(rows, 3)->s, 12, false);
	if (weir_rows_cell(rows, 4)->i)
		page_add(f->p, STYLE_YELLOW, STR("paused"), 0, false);
	page_object(f->p, WEIR_DEPLOYMENT, &weir_rows_cell(rows, 5)->id);
}

static void
flow_row(struct facts *f, const struct weir_rows *rows, void *arg)
{
	struct weir_json *doc = facts_doc(weir_rows_cell(rows, 1));
	struct buf b = BUF_INIT(1024), *query = arg;

	facts_title(f, STR(""), weir_rows_cell(rows, 0)->s, "flow");
	page_blank(f->p);
	facts_term(query, "flow", weir_rows_cell(rows, 0)->s);
	facts_tags(f, weir_json_get(doc, "tags"));
	facts_labels(f, weir_json_get(doc, "labels"));
	facts_moment(f, &b, "", facts_time(weir_rows_cell(rows, 2)));
	facts_text(f, "created", STYLE_PLAIN, buf_str(&b));
	facts_id(f);
	page_blank(f->p);
	buf_release(&b);
	weir_json_free(doc);
}

bool
facts_flow(struct facts *f, int64_t key)
{
	struct buf query = BUF_INIT(FACTS_TEXT_MAX), of = BUF_INIT(128);
	bool first = true;
	size_t n = facts_each(f,
		&(struct facts_ask){
			.kind = WEIR_FLOW, .key = key, .columns = "name,doc,created" },
		flow_row, &query);

	if (n > 0) {
		facts_runs(f, buf_cstr(&query));
		buf_addf(&of, "flow_id:%s", f->id_text);
		facts_each(f,
			&(struct facts_ask){ .kind = WEIR_DEPLOYMENT,
				.query = buf_cstr(&of),
				.sort = "name",
				.columns = "name,status,work_pool_name,"
					   "work_queue_name,paused,id" },
			deployment_line, &first);
		facts_last_runs(f, "LAST RUN", buf_cstr(&query), NULL, FACTS_LAST_RUNS);
	}
	buf_release(&query);
	buf_release(&of);
	return n > 0;
}

/* ---- a deployment */

enum {
	DEP_NAME,
	DEP_FLOW,
	DEP_FLOW_ID,
	DEP_STATUS,
	DEP_POOL,
	DEP_QUEUE,
	DEP_LIMIT,
	DEP_CREATED,
	DEP_UPDATED,
	DEP_POLLED,
	DEP_DOC
};
static const char columns[] =
	"name,flow_name,flow_id,status,work_pool_name,work_queue_name,"
	"concurrency_limit,created,updated,last_polled,doc";

/* A number of a cron field, or -1. */
static int
cron_number(struct str s)
{
	int n = 0;

	if (s.len == 0 || s.len > 2)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		if (s.s[i] < '0' || s.s[i] > '9')
			return -1;
		n = n * 10 + (s.s[i] - '0');
	}
	return n;
}

/* What the commonest cron lines mean, for people; false: it is shown as it is. */
static bool
read_cron(struct str cron, struct buf *out)
{
	static const char *const days[] = { "Sunday", "Monday", "Tuesday", "Wednesday",
		"Thursday", "Friday", "Saturday", "Sunday" };
	struct str field[6] = { { 0 } };
	size_t n = 0;
	int minute, hour, day;

	for (size_t i = 0; i < cron.len && n < 6; i++) {
		if (cron.s[i] == ' ')
			continue;
		field[n].s = cron.s + i;
		while (i < cron.len && cron.s[i] != ' ')
			field[n].len++, i++;
		n++;
	}
	if (n != 5 || !str_eq(field[2], "*") || !str_eq(field[3], "*"))
		return false;
	minute = cron_number(field[0]);
	hour = cron_number(field[1]);
	day = cron_number(field[4]);
	if (minute >= 0 && hour >= 0 && str_eq(field[4], "*"))
		buf_addf(out, "each day at %02d:%02d", hour, minute);
	else if (minute >= 0 && hour >= 0 && day >= 0 && day <= 7)
		buf_addf(out, "each %s at %02d:%02d", days[day], hour, minute);
	else if (minute >= 0 && hour >= 0 && str_eq(field[4], "1-5"))
		buf_addf(out, "Monday to Friday at %02d:%02d", hour, minute);
	else if (minute >= 0 && str_eq(field[1], "*") && str_eq(field[4], "*"))
		buf_addf(out, "each hour at :%02d", minute);
	else if (str_starts(field[0], "*/") && str_eq(field[1], "*") &&
		 str_eq(field[4], "*"))
		buf_addf(out, "each %.*s minutes", (int)field[0].len - 2,
			field[0].s + 2);
	else
		return false;
	return true;
}

/* `each day at 03:00 Europe/Berlin (0 3 * * *)` */
static void
write_schedule(struct facts *f, const char *label, const struct weir_json *o)
{
	const struct weir_json *s = weir_json_get(o, "schedule");
	const struct weir_json *active = weir_json_get(o, "active");
	struct str cron = weir_json_text(weir_json_get(s, "cron"));
	struct str zone = weir_json_text(weir_json_get(s, "timezone"));
	struct str rule = weir_json_text(weir_json_get(s, "rrule"));
	double interval = weir_json_number(weir_json_get(s, "interval"));
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);
	bool off = weir_json_type(active) == WEIR_JSON_BOOL && !weir_json_true(active);
	bool read = cron.len > 0 && read_cron(cron, &b);

	if (interval > 0 && interval < 1e9) {
		buf_adds(&b, "each ");
		weir_duration_format(&b, (int64_t)(interval * 1e6));
	}
	if (!read)
		buf_addstr(&b, cron);
	buf_addstr(&b, rule);
	if (zone.len > 0 && !str_eq(zone, "UTC"))
		buf_addf(&b, " %.*s", (int)zone.len, zone.s);
	else
		buf_adds(&b, " UTC");
	if (read)
		buf_addf(&b, "  (%.*s)", (int)cron.len, cron.s);
	facts_begin(f, label);
	facts_status(f, off ? STR("off") : STR("active"), 8);
	page_add(f->p, off ? STYLE_DIM : STYLE_PLAIN, buf_str(&b), 0, false);
	buf_release(&b);
}

static void
write_schedules(struct facts *f, const struct weir_json *doc)
{
	const struct weir_json *list = weir_json_get(doc, "schedules");
	const char *label = "when";

	for (size_t i = 0; i < weir_json_size(list); i++, label = "")
		write_schedule(f, label, weir_json_at(list, i));
}

/* The schema's properties: the value that the deployment has, else the default. */
static void
write_parameters(struct facts *f, const struct weir_json *doc)
{
	const struct weir_json *schema = weir_json_get(doc, "parameter_openapi_schema");
	const struct weir_json *properties = weir_json_get(schema, "properties");
	const struct weir_json *values = weir_json_get(doc, "parameters"), *property;
	int most = f->brief ? 8 : 200, n = 0;
	const char *name, *label = "with";
	void *at = NULL;

	if (weir_json_size(properties) == 0) {
		facts_members(f, "with", values);
		return;
	}
	while (weir_json_next(properties, &at, &name, &property) && n++ < most) {
		const struct weir_json *value = weir_json_get(values, name);
		const struct weir_json *preset = weir_json_get(property, "default");
		const struct weir_json *shown = value ? value : preset;
		struct buf b = BUF_INIT(FACTS_TEXT_MAX);

		if (shown)
			weir_json_show(shown, &b);
		facts_begin(f, label);
		page_add(f->p, STYLE_DIM, str_of(name), 16, false);
		page_gap(f->p, 1);
		if (shown)
			page_add(f->p, value ? STYLE_PLAIN : STYLE_DIM, buf_str(&b), 0,
				false);
		else
			page_add(f->p, STYLE_YELLOW, STR("must be given"), 0, false);
		if (!value && shown)
			page_add(f->p, STYLE_DIM, STR("  default"), 0, true);
		label = "";
		buf_release(&b);
	}
}

static void
write_place(struct facts *f, const struct weir_rows *rows, const struct weir_json *doc)
{
	const struct weir_cell *pool = weir_rows_cell(rows, DEP_POOL);
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);
	struct weir_id id = { 0 };
	enum weir_kind kind;
	int64_t key;

	facts_part_json(f, &b, "", weir_json_get(doc, "entrypoint"));
	facts_part_json(f, &b, "in ", weir_json_get(doc, "path"));
	facts_text(f, "code", STYLE_PLAIN, buf_str(&b));
	buf_clear(&b);
	facts_part(f, &b, "pool ", pool);
	facts_part(f, &b, "queue ", weir_rows_cell(rows, DEP_QUEUE));
	if (!pool->null && pool->s.len > 0) {
		char *name = str_copy(pool->s);

		if (weir_resolve(
			    f->store, 1u << WEIR_POOL, name, &kind, &id, &key, NULL))
			memset(&id, 0, sizeof(id));
		free(name);
	}
	facts_link(f, "where", WEIR_POOL, &id, buf_str(&b));
	buf_release(&b);
}

static void
write_details(
	struct facts *f, const struct weir_rows *rows, const struct weir_json *doc)
{
	const struct weir_cell *limit = weir_rows_cell(rows, DEP_LIMIT);
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);

	if (!limit->null) {
		buf_addf(&b, "%lld at once", (long long)limit->i);
		facts_part_json(f, &b, "",
			weir_json_get(weir_json_get(doc, "concurrency_options"),
				"collision_strategy"));
		facts_text(f, "limit", STYLE_PLAIN, buf_str(&b));
	}
	write_parameters(f, doc);
	facts_tags(f, weir_json_get(doc, "tags"));
	if (!f->brief) {
		facts_members(f, "job", weir_json_get(doc, "job_variables"));
		facts_labels(f, weir_json_get(doc, "labels"));
	}
	buf_clear(&b);
	facts_part_json(f, &b, "", weir_json_get(doc, "version"));
	facts_moment(f, &b, "created", facts_time(weir_rows_cell(rows, DEP_CREATED)));
	facts_moment(f, &b, "changed", facts_time(weir_rows_cell(rows, DEP_UPDATED)));
	facts_text(f, "version", STYLE_PLAIN, buf_str(&b));
	facts_id(f);
	buf_release(&b);
}

static void
deployment_row(struct facts *f, const struct weir_rows *rows, void *arg)
{
	struct weir_json *doc = facts_doc(weir_rows_cell(rows, DEP_DOC));
	bool paused = weir_json_true(weir_json_get(doc, "paused"));
	struct buf *query = arg;

	word_copy(f->flow, sizeof(f->flow), weir_rows_cell(rows, DEP_FLOW)->s);
	facts_described(f, paused ? STR("PAUSED") : weir_rows_cell(rows, DEP_STATUS)->s,
		weir_rows_cell(rows, DEP_NAME)->s, "deployment", doc);
	facts_term(query, "flow", weir_rows_cell(rows, DEP_FLOW)->s);
	facts_term(query, "deployment", weir_rows_cell(rows, DEP_NAME)->s);
	facts_link(f, "flow", WEIR_FLOW, &weir_rows_cell(rows, DEP_FLOW_ID)->id,
		weir_rows_cell(rows, DEP_FLOW)->s);
	write_place(f, rows, doc);
	write_schedules(f, doc);
	write_details(f, rows, doc);
	page_blank(f->p);
	weir_json_free(doc);
}

bool
facts_deployment(struct facts *f, int64_t key)
{
	struct buf query = BUF_INIT(FACTS_TEXT_MAX), next = BUF_INIT(FACTS_TEXT_MAX);
	size_t n = facts_each(f,
		&(struct facts_ask){
			.kind = WEIR_DEPLOYMENT, .key = key, .columns = columns },
		deployment_row, &query);

	if (n > 0) {
		facts_runs(f, buf_cstr(&query));
		buf_addf(&next, "%s state_type:scheduled expected_start_time:>now",
			buf_cstr(&query));
		facts_last_runs(f, "NEXT RUN", buf_cstr(&next), "at", NEXT_RUNS);
		buf_addf(&query, " at:<now");
		facts_last_runs(f, "LAST RUN", buf_cstr(&query), NULL, FACTS_LAST_RUNS);
	}
	buf_release(&query);
	buf_release(&next);
	return n > 0;
}
