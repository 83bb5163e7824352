/* Checkpoints beside the writer. */
#include "db_checkpoint.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "sql.h"
#include "weir/mem.h"

enum {
	WAL_PAGES = 16384, /* the limit of the WAL: 64 MB */
	STEP_PAGES = 2048, /* so many more, and the thread copies them */
};

struct db_checkpoint {
	char *path;
	int copied;      /* pages of the WAL when the thread began last */
	sqlite3 *copier; /* the thread's connection */
	pthread_t thread;
	bool started;     /* there is one to join */
	atomic_bool idle; /* it is done */
};

/* Nothing is lost when one fails: the pages stay in the WAL. */
static void
copy(sqlite3 *sqlite)
{
	(void)sqlite3_wal_checkpoint_v2(
		sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* It knows of the WAL when it has read something. */
static bool
open_copier(struct db_checkpoint *c)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

	if (c->copier)
		return true;
	return sqlite3_open_v2(c->path, &c->copier, flags, NULL) == SQLITE_OK &&
	       sqlite3_exec(c->copier, sql_text[SQL_USER_VERSION], NULL, NULL, NULL) ==
		       SQLITE_OK;
}

static void *
run(void *arg)
{
	struct db_checkpoint *c = arg;

	if (open_copier(c))
		copy(c->copier);
	atomic_store(&c->idle, true);
	return NULL;
}

static void
join(struct db_checkpoint *c)
{
	if (c->started)
		pthread_join(c->thread, NULL);
	c->started = false;
}

static void
start(struct db_checkpoint *c)
{
	sigset_t all, before;

	join(c);
	atomic_store(&c->idle, false);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	c->started = pthread_create(&c->thread, NULL, run, c) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!c->started)
		atomic_store(&c->idle, true);
}

/* After each commit: pages are in the WAL now. */
static int
committed(void *arg, sqlite3 *writer, const char *name, int pages)
{
	struct db_checkpoint *c = arg;

	(void)name;
	if (pages < c->copied)
		c->copied = 0; /* it has begun anew */
	if (pages >= WAL_PAGES) {
		copy(writer);
	} else if (pages - c->copied >= STEP_PAGES && atomic_load(&c->idle)) {
		c->copied = pages;
		start(c);
	}
	return SQLITE_OK;
}

struct db_checkpoint *
db_checkpoint_new(sqlite3 *writer)
{
	struct db_checkpoint *c = xcalloc(1, sizeof(*c));

	c->path = xstrdup(sqlite3_db_filename(writer, "main"));
	atomic_init(&c->idle, true);
	sqlite3_wal_hook(writer, committed, c);
	return c;
}

void
db_checkpoint_free(struct db_checkpoint *c)
{
	if (!c)
		return;
	join(c);
	sqlite3_close(c->copier);
	free(c->path);
	free(c);
}
