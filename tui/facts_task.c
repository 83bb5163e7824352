/* Facts of a task run. */
#include <string.h>

#include <weir/time.h>

#include "facts_parts.h"
#include "word.h"

enum { MESSAGE_LINES = 8 };

enum {
	TASK_STATE,
	TASK_STATE_NAME,
	TASK_NAME,
	TASK_RUN_NAME,
	TASK_RUN,
	TASK_MESSAGE,
	TASK_START,
	TASK_END,
	TASK_DUR,
	TASK_EXPECTED,
	TASK_COUNT,
	TASK_KEY,
	TASK_DYNAMIC,
	TASK_REST,
	TASK_TAGS,
};
static const char columns[] =
	"state_type,state_name,name,flow_run_name,flow_run_id,state_message,"
	"start_time,end_time,dur,expected_start_time,run_count,task_key,dynamic_key,"
	"rest,tags";

static void
write_state(struct facts *f, const struct weir_rows *rows)
{
	f->run = weir_rows_cell(rows, TASK_RUN)->id;
	facts_state(f, weir_rows_cell(rows, TASK_STATE),
		weir_rows_cell(rows, TASK_STATE_NAME)->s,
		weir_rows_cell(rows, TASK_NAME)->s);
	page_add(f->p, STYLE_DIM, STR("task run"), 0, true);
	facts_message(f, weir_rows_cell(rows, TASK_MESSAGE)->s, MESSAGE_LINES);
}

static void
write_when(struct facts *f, const struct weir_rows *rows)
{
	int64_t start = facts_time(weir_rows_cell(rows, TASK_START));
	struct buf b = BUF_INIT(1024);

	if (start == WEIR_NO_TIME)
		facts_moment(
			f, &b, "due", facts_time(weir_rows_cell(rows, TASK_EXPECTED)));
	facts_moment(f, &b, "started", start);
	facts_moment(f, &b, "ended", facts_time(weir_rows_cell(rows, TASK_END)));
	facts_part(f, &b, "took ", weir_rows_cell(rows, TASK_DUR));
	facts_text(f, "when", STYLE_PLAIN, buf_str(&b));
	buf_release(&b);
}

static void
take_name(struct facts *f, const struct weir_rows *rows, void *arg)
{
	facts_part(f, arg, "", weir_rows_cell(rows, 0));
}

/* One of what an argument comes from: a task run opens, a parameter is named. */
static void
write_input(struct facts *f, const char *label, const char *argument,
	const struct weir_json *from)
{
	struct str type = weir_json_text(weir_json_get(from, "input_type"));
	struct str text = weir_json_text(weir_json_get(from, "id"));
	struct buf b = BUF_INIT(1024), name = BUF_INIT(512);
	char query[64];
	struct weir_id id = { 0 };

	if (str_eq(type, "task_run") && weir_id_parse(text, &id)) {
		snprintf(query, sizeof(query), "id:%.*s", (int)text.len, text.s);
		facts_each(f,
			&(struct facts_ask){ .kind = WEIR_TASK_RUN,
				.query = query,
				.columns = "name",
				.limit = 1 },
			take_name, &name);
		buf_addf(&b, "%s from ", argument);
		buf_addstr(&b, name.len > 0 ? buf_str(&name) : text);
	} else {
		text = weir_json_text(weir_json_get(from, "name"));
		buf_addf(&b, "%s from ", argument);
		buf_addstr(&b, type);
		buf_adds(&b, text.len > 0 ? " " : "");
		buf_addstr(&b, text);
	}
	facts_link(f, label, WEIR_TASK_RUN, &id, buf_str(&b));
	buf_release(&b);
	buf_release(&name);
}

/* What it waited for. */
static void
write_inputs(struct facts *f, const struct weir_json *inputs)
{
	const struct weir_json *list;
	const char *argument, *label = "waits";
	void *at = NULL;

	while (weir_json_next(inputs, &at, &argument, &list)) {
		for (size_t i = 0; i < weir_json_size(list); i++) {
			write_input(f, label, argument, weir_json_at(list, i));
			label = "";
		}
	}
}

static void
write_details(struct facts *f, const struct weir_rows *rows)
{
	const struct weir_cell *count = weir_rows_cell(rows, TASK_COUNT);
	struct weir_json *rest = facts_doc(weir_rows_cell(rows, TASK_REST));
	const struct weir_json *policy = weir_json_get(rest, "empirical_policy");
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);

	if (!count->null && count->i > 1) {
		buf_addf(&b, "%lld", (long long)count->i);
		facts_part_json(f, &b, "retries ", weir_json_get(policy, "retries"));
		facts_part_json(f, &b, "delay ", weir_json_get(policy, "retry_delay"));
		facts_text(f, "tries", STYLE_PLAIN, buf_str(&b));
	}
	if (!f->brief)
		write_inputs(f, weir_json_get(rest, "task_inputs"));
	buf_clear(&b);
	facts_part(f, &b, "", weir_rows_cell(rows, TASK_KEY));
	facts_part(f, &b, "call ", weir_rows_cell(rows, TASK_DYNAMIC));
	facts_part_json(f, &b, "version ", weir_json_get(rest, "task_version"));
	facts_part_json(f, &b, "cached as ", weir_json_get(rest, "cache_key"));
	facts_text(f, "task", STYLE_PLAIN, buf_str(&b));
	if (!f->brief)
		facts_labels(f, weir_json_get(rest, "labels"));
	weir_json_free(rest);
	buf_release(&b);
}

static void
task_row(struct facts *f, const struct weir_rows *rows, void *arg)
{
	(void)arg;
	write_state(f, rows);
	write_when(f, rows);
	facts_link(f, "run", WEIR_RUN, &f->run, weir_rows_cell(rows, TASK_RUN_NAME)->s);
	write_details(f, rows);
	facts_envs(f);
	facts_tags_cell(f, weir_rows_cell(rows, TASK_TAGS));
}

static void
child_row(struct facts *f, const struct weir_rows *rows, void *arg)
{
	bool *first = arg;
	char platform[64];

	if (*first)
		facts_line_heading(f, "CHILD RUN");
	*first = false;
	word_copy(platform, sizeof(platform), weir_rows_cell(rows, 7)->s);
	facts_line(f, rows, WEIR_RUN, platform);
}

bool
facts_task_run(struct facts *f, int64_t key)
{
	struct buf query = BUF_INIT(128);
	bool first = true;

	if (facts_each(f,
		    &(struct facts_ask){
			    .kind = WEIR_TASK_RUN, .key = key, .columns = columns },
		    task_row, NULL) == 0)
		return false;
	facts_id(f);
	if (f->brief)
		return true;
	buf_addf(&query, "parent_task_run_id:%s", f->id_text);
	facts_each(f,
		&(struct facts_ask){ .kind = WEIR_RUN,
			.query = buf_cstr(&query),
			.sort = "at",
			.columns = FACTS_LINE_COLUMNS ",platform" },
		child_row, &first);
	facts_artifacts(f, "task_run_id");
	buf_release(&query);
	return true;
}
