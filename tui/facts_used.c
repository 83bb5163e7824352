/* Environments that runs used, and tasks that used an environment. */
#include <weir/run_env.h>
#include <weir/text.h>
#include <weir/time.h>

#include "facts_env.h"
#include "facts_parts.h"

enum { USERS = 5, WIDTH_MAX = 100 };

void
facts_envs(struct facts *f)
{
	struct weir_run_env *v = xcalloc(WEIR_RUN_ENVS_MAX, sizeof(*v));
	size_t n = 0;

	if (weir_run_envs(f->store, f->kind, &f->id, v, &n, NULL))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		struct buf b = BUF_INIT(512);

		weir_run_env_say(&v[i], &b);
		facts_begin(f, i ? "" : "env");
		page_add(f->p, STYLE_PLAIN, buf_str(&b), 0, false);
		page_command(f->p, "weir env show %s:%s --arch %s", v[i].pair.req_id,
			v[i].pair.full_id, v[i].arch);
		buf_release(&b);
	}
	free(v);
}

void
facts_env_users(struct page *p, struct weir_store *store, const struct env_name *name)
{
	struct weir_env_user *v = xcalloc(USERS + 1, sizeof(*v));
	struct weir_env_pair pair;
	size_t n = 0, width = 0;

	if (weir_env_find(store, name->id, &pair, NULL) ||
		weir_env_users(store, &pair, name->arch, USERS + 1, v, &n, NULL))
		n = 0;
	if (n) {
		page_blank(p);
		page_begin(p, 0);
		page_gap(p, 1);
		page_add(p, STYLE_HEADER, STR("TASKS"), 0, false);
		if (n > USERS)
			page_addf(p, STYLE_DIM, "  the last %d that used it", USERS);
	}
	for (size_t i = 0; i < n && i < USERS; i++) {
		size_t columns = text_width(str_of(v[i].pathspec));

		width = columns > width ? columns : width;
	}
	for (size_t i = 0; i < n && i < USERS; i++) {
		struct buf at = BUF_INIT(64);

		page_begin(p, 0);
		page_gap(p, 2);
		page_add(p, STYLE_PLAIN, str_of(v[i].pathspec),
			(int)(width < WIDTH_MAX ? width : WIDTH_MAX), false);
		if (v[i].created_us != WEIR_NO_TIME)
			weir_time_absolute(&at, v[i].created_us, false, false);
		page_gap(p, 2);
		page_add(p, STYLE_DIM, buf_str(&at), 0, false);
		page_object(p, WEIR_TASK_RUN, &v[i].task);
		buf_release(&at);
	}
	free(v);
}
