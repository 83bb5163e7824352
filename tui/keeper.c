#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <weir/mem.h>
#include <weir/select.h>
#include <weir/session.h>
#include <weir/statedb.h>

#include "marks.h"
#include "word.h"

/* So many rows are looked up one by one; more are found by going over all. */
enum { FEW = 2048, IDS_AT_ONCE = 1 << 16 };

enum job_kind { JOB_MARK, JOB_UNMARK_ALL, JOB_PUT, JOB_LOAD };

struct job {
	struct job *next;
	enum job_kind what;
	uint64_t number;
	enum weir_kind kind;
	uint32_t *keys;
	size_t n;
	bool marked;
	char *space, *name, *text;
};

VEC_TYPE(ids, struct weir_id);

struct keeper {
	const struct weir_config *config;
	int pipe[2];
	bool started;
	pthread_t thread;
	/* The lock protects all below but the last three, which the thread owns. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop, busy;
	struct job *first_job, *last_job;
	struct keeper_answer *first, *last;
	uint64_t number;

	struct weir_session *session;
	struct weir_statedb *state;
	bool writable;
};

static void
job_free(struct job *j)
{
	free(j->keys);
	free(j->space);
	free(j->name);
	free(j->text);
	free(j);
}

void
keeper_answer_free(struct keeper_answer *a)
{
	if (!a)
		return;
	free(a->keys);
	free(a);
}

static void
ring(struct keeper *k)
{
	char byte = 0;

	while (write(k->pipe[1], &byte, 1) < 0 && errno == EINTR)
		;
}

/* taken */
static void
post(struct keeper *k, struct keeper_answer *a)
{
	pthread_mutex_lock(&k->lock);
	if (k->last)
		k->last->next = a;
	else
		k->first = a;
	k->last = a;
	pthread_mutex_unlock(&k->lock);
	ring(k);
}

/* ---- what the thread does */

static enum weir_rc
open_state(struct keeper *k, bool write, struct weir_err *err)
{
	enum weir_rc rc;

	if (k->state && (k->writable || !write))
		return WEIR_OK;
	weir_statedb_close(k->state);
	k->state = NULL;
	rc = weir_statedb_open(k->config, write, &k->state, err);
	if (!rc)
		k->writable = write;
	return rc;
}

static enum weir_rc
open_store(struct keeper *k, struct weir_store **ret_store, struct weir_err *err)
{
	if (!k->session)
		k->session = weir_session_new(k->config);
	return weir_session_store(k->session, WEIR_STORE_READ, ret_store, err);
}

/* Every row of the kind that sel asks for, with its id. */
static enum weir_rc
each_id(struct weir_store *store, struct weir_select *sel,
	void (*fn)(void *arg, int64_t key, const struct weir_id *id), void *arg,
	struct weir_err *err)
{
	struct weir_column_set columns = { 0 };
	struct weir_rows *rows = NULL;
	bool more = true;
	enum weir_rc rc = weir_columns_choose(sel->kind, "id", 0, &columns, err);

	sel->columns = &columns;
	if (!rc)
		rc = weir_rows_open(store, sel, &rows, err);
	while (!rc) {
		rc = weir_rows_next(rows, &more, err);
		if (rc || !more)
			break;
		fn(arg, weir_rows_key(rows), &weir_rows_cell(rows, 0)->id);
	}
	weir_rows_close(rows);
	weir_columns_release(&columns);
	return rc;
}

struct picked {
	struct marks wanted;
	struct ids ids;
};

static void
pick(void *arg, int64_t key, const struct weir_id *id)
{
	struct picked *p = arg;

	if (marks_has(&p->wanted, key))
		VEC_PUSH(&p->ids, *id);
}

/* The ids of rows. */
static enum weir_rc
ids_of(struct keeper *k, const struct job *j, struct ids *ret_ids, struct weir_err *err)
{
	struct picked p = { 0 };
	struct weir_store *store;
	enum weir_rc rc = open_store(k, &store, err);

	for (size_t i = 0; i < j->n; i++)
		marks_set(&p.wanted, j->keys[i], true);
	for (size_t i = 0; !rc && i < j->n && j->n <= FEW; i += WEIR_SELECT_KEYS_MAX) {
		int64_t keys[WEIR_SELECT_KEYS_MAX];
		struct weir_select sel = { .kind = j->kind, .keys = keys };

		while (sel.n_keys < WEIR_SELECT_KEYS_MAX && i + sel.n_keys < j->n) {
			keys[sel.n_keys] = j->keys[i + sel.n_keys];
			sel.n_keys++;
		}
		rc = each_id(store, &sel, pick, &p, err);
	}
	if (!rc && j->n > FEW) {
		struct weir_select sel = { .kind = j->kind };

		rc = each_id(store, &sel, pick, &p, err);
	}
	marks_release(&p.wanted);
	*ret_ids = p.ids;
	return rc;
}

static enum weir_rc
do_mark(struct keeper *k, const struct job *j, struct weir_err *err)
{
	struct ids ids = { 0 };
	enum weir_rc rc = ids_of(k, j, &ids, err);

	if (!rc)
		rc = open_state(k, true, err);
	for (size_t i = 0; !rc && i < ids.n; i += IDS_AT_ONCE) {
		size_t n = ids.n - i < IDS_AT_ONCE ? ids.n - i : IDS_AT_ONCE;

		rc = weir_statedb_mark(k->state, j->kind, ids.v + i, n, j->marked, err);
	}
	VEC_FREE(&ids);
	return rc;
}

static enum weir_rc
do_unmark_all(struct keeper *k, const struct job *j, struct weir_err *err)
{
	enum weir_rc rc = open_state(k, true, err);

	return rc ? rc : weir_statedb_unmark_all(k->state, j->kind, err);
}

static enum weir_rc
do_put(struct keeper *k, const struct job *j, struct weir_err *err)
{
	enum weir_rc rc = open_state(k, true, err);

	return rc ? rc : weir_statedb_put(k->state, j->space, j->name, j->text, err);
}

/* What was marked, and where it is now. */
struct load {
	struct weir_id *ids; /* in order of id */
	size_t n;
	bool *here;
	VEC(uint32_t) keys;
};

static void
meet(void *arg, int64_t key, const struct weir_id *id)
{
	struct load *l = arg;
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (weir_id_cmp(&l->ids[middle], id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == l->n || weir_id_cmp(&l->ids[low], id) != 0)
		return;
	l->here[low] = true;
	VEC_PUSH(&l->keys, (uint32_t)key);
}

static enum weir_rc
find_few(struct weir_store *store, enum weir_kind kind, struct load *l,
	struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < l->n; i++) {
		char text[WEIR_ID_TEXT + 1];
		enum weir_kind found;
		struct weir_id id;
		int64_t key;

		rc = weir_resolve(store, 1u << kind, weir_id_format(&l->ids[i], text),
			&found, &id, &key, err);
		if (!rc)
			meet(l, key, &id);
		if (rc == WEIR_ENOTFOUND)
			rc = WEIR_OK;
	}
	return rc;
}

/* A store that was never filled wholly does not know what there is. */
static bool
is_whole(struct weir_store *store)
{
	int64_t us;

	return !weir_store_meta(store, WEIR_META_CYCLE_US, &us, NULL) &&
	       us != WEIR_NO_TIME;
}

static enum weir_rc
drop_gone(struct keeper *k, enum weir_kind kind, const struct load *l,
	struct weir_err *err)
{
	struct ids gone = { 0 };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < l->n; i++)
		if (!l->here[i])
			VEC_PUSH(&gone, l->ids[i]);
	if (gone.n > 0)
		rc = open_state(k, true, err);
	if (!rc && gone.n > 0)
		rc = weir_statedb_mark(k->state, kind, gone.v, gone.n, false, err);
	VEC_FREE(&gone);
	return rc;
}

static enum weir_rc
find_marked(struct keeper *k, const struct job *j, struct load *l, struct weir_err *err)
{
	struct weir_select sel = { .kind = j->kind };
	struct weir_store *store;
	enum weir_rc rc = open_store(k, &store, err);

	if (!rc && l->n > 0)
		rc = l->n <= FEW ? find_few(store, j->kind, l, err)
				 : each_id(store, &sel, meet, l, err);
	if (!rc && l->keys.n < l->n && is_whole(store))
		rc = drop_gone(k, j->kind, l, err);
	return rc;
}

static enum weir_rc
do_load(struct keeper *k, const struct job *j, struct weir_err *err)
{
	struct keeper_answer *a;
	struct load l = { 0 };
	enum weir_rc rc = open_state(k, false, err);

	if (!rc)
		rc = weir_statedb_marks(k->state, j->kind, &l.ids, &l.n, err);
	l.here = xcalloc(l.n + 1, sizeof(*l.here));
	if (!rc)
		rc = find_marked(k, j, &l, err);
	/* No state store, no store, no server: nothing is marked. */
	if (rc == WEIR_ENOTFOUND || rc == WEIR_ENOSERVER)
		rc = WEIR_OK;
	if (!rc) {
		a = xcalloc(1, sizeof(*a));
		a->number = j->number;
		a->kind = j->kind;
		a->keys = l.keys.v;
		a->n = l.keys.n;
		post(k, a);
	} else {
		VEC_FREE(&l.keys);
	}
	free(l.here);
	free(l.ids);
	return rc;
}

static void
work(struct keeper *k, const struct job *j)
{
	static enum weir_rc (*const does[])(
		struct keeper *, const struct job *, struct weir_err *) = {
		[JOB_MARK] = do_mark,
		[JOB_UNMARK_ALL] = do_unmark_all,
		[JOB_PUT] = do_put,
		[JOB_LOAD] = do_load,
	};
	struct keeper_answer *a;
	struct weir_err err = { 0 };
	enum weir_rc rc = does[j->what](k, j, &err);

	if (!rc)
		return;
	a = xcalloc(1, sizeof(*a));
	a->number = j->number;
	a->kind = j->kind;
	a->rc = rc;
	word_copy(a->text, sizeof(a->text), str_of(err.text));
	post(k, a);
}

static void *
run(void *arg)
{
	struct keeper *k = arg;

	pthread_mutex_lock(&k->lock);
	for (;;) {
		struct job *j;

		while (!k->stop && !k->first_job)
			pthread_cond_wait(&k->wake, &k->lock);
		j = k->first_job;
		if (!j)
			break;
		k->first_job = j->next;
		if (!k->first_job)
			k->last_job = NULL;
		k->busy = true;
		pthread_mutex_unlock(&k->lock);

		work(k, j);
		job_free(j);

		pthread_mutex_lock(&k->lock);
		k->busy = false;
		ring(k); /* the loop may wait for idleness */
	}
	pthread_mutex_unlock(&k->lock);
	weir_statedb_close(k->state);
	weir_session_free(k->session);
	return NULL;
}

/* ---- what the screen's thread does */

struct keeper *
keeper_new(const struct weir_config *config)
{
	struct keeper *k = xcalloc(1, sizeof(*k));

	k->config = config;
	k->pipe[0] = k->pipe[1] = -1;
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->wake, NULL);
	return k;
}

/* Without a thread nothing is kept: then the menu still works. */
static bool
start(struct keeper *k)
{
	sigset_t all, old;

	if (k->started)
		return true;
	if (k->pipe[0] < 0 && pipe(k->pipe) < 0)
		return false;
	for (int i = 0; i < 2; i++) {
		fcntl(k->pipe[i], F_SETFD, FD_CLOEXEC);
		fcntl(k->pipe[i], F_SETFL, O_NONBLOCK);
	}
	/* Signals are the screen's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	k->started = pthread_create(&k->thread, NULL, run, k) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return k->started;
}

void
keeper_free(struct keeper *k)
{
	struct keeper_answer *a;

	if (!k)
		return;
	pthread_mutex_lock(&k->lock);
	k->stop = true;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
	if (k->started)
		pthread_join(k->thread, NULL);
	while ((a = keeper_next(k)))
		keeper_answer_free(a);
	for (int i = 0; i < 2; i++)
		if (k->pipe[i] >= 0)
			close(k->pipe[i]);
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->wake);
	free(k);
}

/* taken */
static uint64_t
submit(struct keeper *k, struct job *j)
{
	uint64_t number;

	if (!start(k)) {
		job_free(j);
		return 0;
	}
	pthread_mutex_lock(&k->lock);
	number = j->number = ++k->number;
	if (k->last_job)
		k->last_job->next = j;
	else
		k->first_job = j;
	k->last_job = j;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
	return number;
}

static struct job *
job_new(enum job_kind what, enum weir_kind kind)
{
	struct job *j = xcalloc(1, sizeof(*j));

	j->what = what;
	j->kind = kind;
	return j;
}

uint64_t
keeper_mark(
	struct keeper *k, enum weir_kind kind, uint32_t *keys, size_t n, bool marked)
{
	struct job *j = job_new(JOB_MARK, kind);

	j->keys = keys;
	j->n = n;
	j->marked = marked;
	return submit(k, j);
}

uint64_t
keeper_unmark_all(struct keeper *k, enum weir_kind kind)
{
	return submit(k, job_new(JOB_UNMARK_ALL, kind));
}

uint64_t
keeper_put(struct keeper *k, const char *space, const char *name, const char *text)
{
	struct job *j = job_new(JOB_PUT, WEIR_RUN);

	j->space = xstrdup(space);
	j->name = xstrdup(name);
	j->text = text ? xstrdup(text) : NULL;
	return submit(k, j);
}

uint64_t
keeper_load(struct keeper *k, enum weir_kind kind)
{
	return submit(k, job_new(JOB_LOAD, kind));
}

int
keeper_fd(const struct keeper *k)
{
	return k->pipe[0];
}

struct keeper_answer *
keeper_next(struct keeper *k)
{
	struct keeper_answer *a;
	char drain[64];

	while (k->pipe[0] >= 0 && read(k->pipe[0], drain, sizeof(drain)) > 0)
		;
	pthread_mutex_lock(&k->lock);
	a = k->first;
	if (a) {
		k->first = a->next;
		if (!k->first)
			k->last = NULL;
	}
	pthread_mutex_unlock(&k->lock);
	return a;
}

bool
keeper_idle(struct keeper *k)
{
	bool idle;

	pthread_mutex_lock(&k->lock);
	idle = !k->busy && !k->first_job && !k->first;
	pthread_mutex_unlock(&k->lock);
	return idle;
}
