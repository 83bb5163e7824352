#include "act_objects.h"

#include "api_body.h"
#include "weir/members.h"
#include "weir/shell.h"
#include "weir/text.h"

#define PAUSED_DEPLOYMENT                                                              \
	"paused: its schedules make no runs; those they had made are deleted"

enum { PART_MAX = 1 << 20 };

/* ---- objects */

static char *
member(struct str object, const char *name)
{
	return weir_members_copy(object, name, PART_MAX);
}

static struct weir_id
member_id(struct str object, const char *name)
{
	char *text = member(object, name);
	struct weir_id id;

	if (!weir_id_parse(str_of(text), &id))
		id = (struct weir_id){ { 0 } };
	free(text);
	return id;
}

static int64_t
member_number(struct str object, const char *name, int64_t none)
{
	char *text = member(object, name);
	int64_t n = *text ? strtoll(text, NULL, 10) : none;

	free(text);
	return n;
}

static bool
count_one(void *arg, struct str name, struct str value, bool is_string)
{
	(void)name;
	(void)value;
	(void)is_string;
	++*(size_t *)arg;
	return true;
}

enum weir_rc
act_object_parse(enum weir_kind kind, struct str doc, struct act_object *ret_object,
	struct weir_err *err)
{
	struct act_object o = { .kind = kind, .id = member_id(doc, "id") };
	char *paused, *schedules;

	if (weir_id_is_null(&o.id))
		return weir_fail(err, WEIR_EBADDATA, "%s: the server's answer is none",
			weir_kind_name(kind));
	paused = member(doc, kind == WEIR_DEPLOYMENT ? "paused" : "is_paused");
	schedules = member(doc, "schedules");
	o.paused = !strcmp(paused, "true");
	weir_members_each(str_of(schedules), count_one, &o.n_schedules);
	o.name = member(doc, "name");
	o.pool = kind == WEIR_POOL ? xstrdup(o.name) : member(doc, "work_pool_name");
	o.type = member(doc, "type");
	o.description = member(doc, "description");
	o.default_queue = member_id(doc, "default_queue_id");
	o.flow = member_id(doc, "flow_id");
	o.pool_id = member_id(doc, "work_pool_id");
	o.limit = member_number(doc, "concurrency_limit", WEIR_POOL_NO_LIMIT);
	o.priority = member_number(doc, "priority", 0);
	free(paused);
	free(schedules);
	*ret_object = o;
	return WEIR_OK;
}

void
act_object_release(struct act_object *o)
{
	char **texts[] = { &o->name, &o->pool, &o->type, &o->description };

	for (size_t i = 0; i < N_ELEM(texts); i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
}

void
act_object_take_pool(struct act_object *queue, const struct act_object *pool)
{
	queue->default_queue = pool->default_queue;
	if (*queue->pool)
		return;
	free(queue->pool);
	queue->pool = xstrdup(pool->name);
}

void
act_object_name(const struct act_object *o, struct buf *out)
{
	if (o->kind == WEIR_QUEUE && *o->pool)
		buf_addf(out, "%s/", o->pool);
	buf_adds(out, o->name);
}

void
act_object_wish_name(const struct weir_pool_wish *wish, struct buf *out)
{
	buf_adds(out, wish->pool);
	if (wish->queue)
		buf_addf(out, "/%s", wish->queue);
}

/* ---- what is sent */

static void
add_path(struct buf *out, const char *pool, const char *queue)
{
	buf_adds(out, "/work_pools/");
	api_body_percent(out, pool);
	if (queue) {
		buf_adds(out, "/queues/");
		api_body_percent(out, queue);
	}
}

static void
add_object_path(struct buf *out, const struct act_object *o)
{
	add_path(out, o->pool, o->kind == WEIR_QUEUE ? o->name : NULL);
}

/* What is said of it and differs from what it is. */
static void
add_wish(struct buf *out, const struct weir_pool_wish *w, const struct act_object *o)
{
	if (w->limit == WEIR_POOL_NO_LIMIT && o && o->limit != w->limit) {
		api_body_name(out, "concurrency_limit");
		buf_adds(out, "null");
	} else if (w->limit >= 0 && (!o || o->limit != w->limit)) {
		api_body_name(out, "concurrency_limit");
		buf_addf(out, "%lld", (long long)w->limit);
	}
	if (w->priority > 0 && (!o || o->priority != w->priority)) {
		api_body_name(out, "priority");
		buf_addf(out, "%lld", (long long)w->priority);
	}
	if (w->description && (!o || strcmp(o->description, w->description) != 0))
		api_body_text(out, "description", w->description);
}

/* 2.x has no word of its own for a deployment of several schedules. */
static void
plan_deployment(bool pause, const struct act_object *o,
	const struct api_version *version, struct act_plan *p)
{
	char id[WEIR_ID_TEXT + 1];

	buf_addf(&p->path, "/deployments/%s", weir_id_format(&o->id, id));
	if (o->n_schedules > 1 && !api_version_since(version, 3, 0, 0)) {
		p->method = "PATCH";
		buf_addf(&p->body, "{\"paused\":%s}", pause ? "true" : "false");
	} else {
		buf_adds(&p->path, pause ? "/pause_deployment" : "/resume_deployment");
	}
}

static void
plan_pause(bool pause, const struct act_object *o, const struct api_version *version,
	struct act_plan *p)
{
	if (o->paused == pause) {
		act_plan_say(p, WEIR_OK, pause ? "is paused already" : "is not paused");
	} else if (o->kind == WEIR_DEPLOYMENT) {
		plan_deployment(pause, o, version, p);
	} else {
		p->method = "PATCH";
		add_object_path(&p->path, o);
		buf_addf(&p->body, "{\"is_paused\":%s}", pause ? "true" : "false");
	}
}

static void
plan_create(const struct weir_pool_wish *w, struct act_plan *p)
{
	if (w->queue) {
		add_path(&p->path, w->pool, NULL);
		buf_adds(&p->path, "/queues");
	} else {
		buf_adds(&p->path, "/work_pools/");
	}
	buf_addc(&p->body, '{');
	api_body_text(&p->body, "name", w->queue ? w->queue : w->pool);
	api_body_text(&p->body, "type", w->type);
	add_wish(&p->body, w, NULL);
	buf_addc(&p->body, '}');
}

static void
plan_set(const struct weir_pool_wish *w, const struct act_object *o, struct act_plan *p)
{
	if (w->type && strcmp(w->type, o->type) != 0) {
		act_plan_say(p, WEIR_EREFUSED,
			"is of type %s: the type of a pool cannot be changed", o->type);
		snprintf(
			p->hint, sizeof(p->hint), "weir pools create --type TYPE NAME");
		return;
	}
	buf_addc(&p->body, '{');
	add_wish(&p->body, w, o);
	buf_addc(&p->body, '}');
	if (p->body.len == 2) {
		buf_clear(&p->body);
		act_plan_say(p, WEIR_OK, "is so already: nothing is to be set");
		return;
	}
	p->method = "PATCH";
	add_object_path(&p->path, o);
}

static void
plan_delete(const struct act_object *o, struct act_plan *p)
{
	if (o->kind == WEIR_QUEUE && weir_id_cmp(&o->default_queue, &o->id) == 0) {
		act_plan_say(p, WEIR_EREFUSED,
			"is the default queue of its pool: it goes only "
			"with the pool");
		snprintf(p->hint, sizeof(p->hint), "weir pools delete POOL");
		return;
	}
	p->method = "DELETE";
	add_object_path(&p->path, o);
}

void
act_object_plan(const struct weir_act *act, const struct act_object *o,
	const struct api_version *version, struct act_plan *ret_plan)
{
	struct act_plan *p = ret_plan;

	*p = (struct act_plan){ .path = BUF_INIT(4096), .body = BUF_INIT(BUF_MAX) };
	p->write = API_OBJECT;
	p->method = "POST";
	if (o)
		p->at = o->id;
	if (act->kind == WEIR_ACT_CREATE)
		plan_create(act->wish, p);
	else if (act->kind == WEIR_ACT_SET)
		plan_set(act->wish, o, p);
	else if (act->kind == WEIR_ACT_DELETE)
		plan_delete(o, p);
	else
		plan_pause(act->kind == WEIR_ACT_PAUSE, o, version, p);
}

/* ---- what it comes to */

void
act_object_said(const struct weir_act *act, const struct act_object *before, char *out,
	size_t size)
{
	static const char *const said[][WEIR_N_SERVED] = {
		[WEIR_ACT_PAUSE] = {
			[WEIR_DEPLOYMENT] = PAUSED_DEPLOYMENT,
			[WEIR_POOL] = "paused: no worker gets runs of it",
			[WEIR_QUEUE] = "paused: no worker gets runs of it",
		},
		[WEIR_ACT_UNPAUSE] = {
			[WEIR_DEPLOYMENT] = "goes on: its schedules make runs again",
			[WEIR_POOL] = "goes on: workers get its runs",
			[WEIR_QUEUE] = "goes on: workers get its runs",
		},
	};
	const char *text = NULL;

	if (act->kind == WEIR_ACT_CREATE)
		text = act->wish && act->wish->queue ? "created"
						     : "created: a worker that is "
						       "started for it fills in the "
						       "rest";
	else if (act->kind == WEIR_ACT_SET)
		text = "set";
	else if (act->kind == WEIR_ACT_DELETE)
		text = "deleted";
	else if (act->kind < N_ELEM(said))
		text = said[act->kind][before ? before->kind : act->of];
	if (act->kind == WEIR_ACT_PAUSE && before->kind == WEIR_DEPLOYMENT &&
		!before->n_schedules)
		text = "paused; it has no schedule: runs that are started by hand are "
		       "taken up all the same";
	snprintf(out, size, "%s", text ? text : "done");
}

static void
add_option(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, " --%s ", name);
	weir_shell_quote(out, value);
}

/* Back to what it was. */
static void
reverse_set(const struct weir_pool_wish *w, const struct act_object *o, struct buf *out)
{
	if (w->limit != -1 && w->limit != o->limit) {
		if (o->limit == WEIR_POOL_NO_LIMIT)
			buf_adds(out, " --limit none");
		else
			buf_addf(out, " --limit %lld", (long long)o->limit);
	}
	if (w->priority > 0 && w->priority != o->priority)
		buf_addf(out, " --priority %lld", (long long)o->priority);
	if (w->description && strcmp(w->description, o->description) != 0)
		add_option(out, "description", o->description);
}

void
act_object_reverse(const struct weir_act *act, const struct act_object *before,
	const char *name, struct buf *out)
{
	static const char *const words[] = {
		[WEIR_DEPLOYMENT] = "deployment",
		[WEIR_POOL] = "pool",
		[WEIR_QUEUE] = "queue",
	};

	if (act->kind == WEIR_ACT_PAUSE || act->kind == WEIR_ACT_UNPAUSE) {
		buf_addf(out, "weir %s %s ",
			act->kind == WEIR_ACT_PAUSE ? "unpause" : "pause",
			words[before->kind]);
		weir_shell_quote(out, name);
	} else if (act->kind == WEIR_ACT_CREATE) {
		buf_adds(out, "weir pools delete ");
		weir_shell_quote(out, name);
	} else if (act->kind == WEIR_ACT_SET && act->wish) {
		buf_adds(out, "weir pools set ");
		weir_shell_quote(out, name);
		reverse_set(act->wish, before, out);
	}
}

struct same {
	struct str doc;
	bool is;
};

static bool
same_member(void *arg, struct str name, struct str value, bool is_string)
{
	struct same *s = arg;
	char *key = str_copy(name), *has = member(s->doc, key);
	bool none = !is_string && str_eq(value, "null");

	s->is = none ? !*has : str_eq(value, has);
	free(key);
	free(has);
	return s->is;
}

bool
act_object_is_so(
	const struct act_object *o, struct str doc, const char *path, const char *body)
{
	struct same s = { doc, true };

	if (!*body)
		return o->paused == (strstr(path, "/pause_deployment") != NULL);
	weir_members_each(str_of(body), same_member, &s);
	return s.is;
}
