/* Facts of concurrency limits. */
#include <weir/time.h>

#include "facts_parts.h"
#include "word.h"

enum { HOLDERS_MAX = 100 };

struct limit {
	struct buf name;
	struct weir_json *doc;
};

/* name, limit, active, slot_decay_per_second, created, doc */
static void
limit_row(struct facts *f, const struct weir_rows *rows, void *arg)
{
	const struct weir_cell *decay = weir_rows_cell(rows, 3);
	const struct weir_json *slots;
	struct limit *l = arg;
	struct buf b = BUF_INIT(1024);
	double taken, all = (double)weir_rows_cell(rows, 1)->i;

	l->doc = facts_doc(weir_rows_cell(rows, 5));
	buf_addstr(&l->name, weir_rows_cell(rows, 0)->s);
	facts_title(f, weir_rows_cell(rows, 2)->i ? STR("active") : STR("off"),
		buf_str(&l->name), "concurrency limit");
	page_blank(f->p);
	slots = weir_json_get(l->doc, "active_slots");
	taken = weir_json_type(slots) == WEIR_JSON_ARRAY ? (double)weir_json_size(slots)
							 : weir_json_number(slots);
	buf_addf(&b, "%.0f of %.0f taken", taken, all);
	facts_text(f, "slots", taken >= all && all > 0 ? STYLE_YELLOW : STYLE_PLAIN,
		buf_str(&b));
	if (!decay->null && decay->d > 0) {
		buf_clear(&b);
		buf_addf(&b, "%g slots become free each second", decay->d);
		facts_text(f, "decay", STYLE_PLAIN, buf_str(&b));
	}
	buf_clear(&b);
	facts_moment(f, &b, "", facts_time(weir_rows_cell(rows, 4)));
	facts_text(f, "created", STYLE_PLAIN, buf_str(&b));
	facts_id(f);
	f->live = true;
	buf_release(&b);
}

static void
holder_line(struct facts *f, const struct weir_rows *rows, void *arg)
{
	enum weir_kind kind = *(enum weir_kind *)arg;

	if (f->n_below == 0)
		facts_line_heading(f, kind == WEIR_RUN ? "RUNS THAT HOLD ONE"
						       : "TASKS THAT HOLD ONE");
	facts_line(f, rows, kind, NULL);
}

/* A limit of a tag is held by the task runs with it, one of a deployment by its runs;
 * who holds another only its server knows, and does not tell. */
static void
write_holders(struct facts *f, const struct limit *l)
{
	const struct weir_json *slots = weir_json_get(l->doc, "active_slots");
	struct str name = buf_str(&l->name);
	enum weir_kind kind = WEIR_TASK_RUN;
	struct buf query = BUF_INIT(FACTS_TEXT_MAX);

	if (str_starts(name, "deployment:")) {
		kind = WEIR_RUN;
		buf_addf(&query,
			"deployment_id:%s state_type:pending,running,"
			"cancelling",
			buf_cstr(&l->name) + strlen("deployment:"));
	} else if (weir_json_type(slots) == WEIR_JSON_ARRAY &&
		   weir_json_size(slots) > 0) {
		for (size_t i = 0; i < weir_json_size(slots) && i < HOLDERS_MAX; i++) {
			buf_adds(&query, i == 0 ? "id:" : ",");
			buf_addstr(&query, weir_json_text(weir_json_at(slots, i)));
		}
	} else if (str_starts(name, "tag:")) {
		name.s += 4, name.len -= 4;
		facts_term(&query, "tag", name);
		buf_adds(&query, " state_type:running");
	}
	if (query.len > 0)
		facts_each(f,
			&(struct facts_ask){ .kind = kind,
				.query = buf_cstr(&query),
				.columns = FACTS_LINE_COLUMNS,
				.limit = HOLDERS_MAX },
			holder_line, &kind);
	buf_release(&query);
}

/* `deployment:UUID` is the limit of that deployment. */
static void
write_owner(struct facts *f, struct str name)
{
	struct weir_id id;

	if (!str_starts(name, "deployment:"))
		return;
	name.s += strlen("deployment:"), name.len -= strlen("deployment:");
	if (weir_id_parse(name, &id))
		facts_link(f, "of", WEIR_DEPLOYMENT, &id, STR("this deployment"));
}

bool
facts_limit(struct facts *f, int64_t key)
{
	struct limit l = { .name = BUF_INIT(FACTS_TEXT_MAX) };
	size_t n = facts_each(f,
		&(struct facts_ask){ .kind = WEIR_LIMIT,
			.key = key,
			.columns = "name,limit,active,slot_decay_per_second,created,"
				   "doc" },
		limit_row, &l);

	if (n > 0) {
		write_owner(f, buf_str(&l.name));
		write_holders(f, &l);
	}
	weir_json_free(l.doc);
	buf_release(&l.name);
	return n > 0;
}
