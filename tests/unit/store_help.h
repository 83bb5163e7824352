/* A store in a folder of its own, and rows to put into it. */
#ifndef WEIR_TESTS_STORE_HELP_H
#define WEIR_TESTS_STORE_HELP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_write.h"
#include "weir/time.h"

#define HELP_ADDRESS "http://user:secret@Example.test:4200/api/"

struct help {
	char folder[64];
	char path[96];
	struct weir_store *s;
	struct weir_err err;
};

#define OK(call) assert_int_equal(((call) ? (print_error("%s\n", err->text), 1) : 0), 0)

static inline void
help_open(struct help *h, enum weir_store_mode mode)
{
	struct weir_err *err = &h->err;

	OK(weir_store_open(
		h->path, HELP_ADDRESS, "platform,arch", mode, &h->s, NULL, err));
}

static inline void
help_close(struct help *h)
{
	weir_store_close(h->s);
	h->s = NULL;
}

static inline void
help_new(struct help *h)
{
	const char *tmp = getenv("TMPDIR");

	memset(h, 0, sizeof(*h));
	snprintf(h->folder, sizeof(h->folder), "%.40s/weirXXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(h->folder))
		fail_msg("no temporary folder");
	snprintf(h->path, sizeof(h->path), "%s/a/weir/x.db", h->folder);
	help_open(h, WEIR_STORE_WRITE);
}

/* Run a line of shell to its end; takes it. */
static inline void
help_sh(char *command)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	free(command);
}

static inline void
help_end(struct help *h)
{
	help_close(h);
	help_sh(xasprintf("chmod -R u+rwX '%s' && rm -rf '%s'", h->folder, h->folder));
}

static inline int64_t
help_size(const struct help *h, const char *suffix)
{
	char name[128];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", h->path, suffix);
	return stat(name, &st) == 0 ? (int64_t)st.st_size : -1;
}

/* The first column of the first row, as a number. */
static inline int64_t
help_number(struct help *h, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t n = -1;

	if (sqlite3_prepare_v2(store_db(h->s)->sqlite, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(store_db(h->s)->sqlite));
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* As text, in a buffer that the next call reuses. */
static inline const char *
help_text(struct help *h, const char *sql)
{
	static char text[4096];
	sqlite3_stmt *st = NULL;

	text[0] = '\0';
	if (sqlite3_prepare_v2(store_db(h->s)->sqlite, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(store_db(h->s)->sqlite));
	if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
		snprintf(text, sizeof(text), "%s", sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return text;
}

static inline struct weir_id
help_id(unsigned a, unsigned b)
{
	struct weir_id id = { { 1 } };

	memcpy(id.b + 4, &a, sizeof(a));
	memcpy(id.b + 12, &b, sizeof(b));
	return id;
}

static inline struct weir_run
help_run(unsigned i)
{
	return (struct weir_run){ .id = help_id(1, i),
		.created_us = 1000000 + i,
		.updated_us = 2000000 + i,
		.name = STR("calm-otter"),
		.flow_id = help_id(2, i % 3),
		.state_id = help_id(3, i),
		.state_type = WEIR_ST_COMPLETED,
		.state_name = STR("Completed"),
		.deployment_id = help_id(4, i % 2),
		.work_queue_name = STR("default"),
		.work_pool_name = STR("farm"),
		.run_count = 1,
		.expected_start_us = 3000000 + i,
		.next_scheduled_us = WEIR_NO_TIME,
		.start_us = 4000000 + i,
		.end_us = 5000000 + i,
		.total_run_time = 1.5,
		.tags = STR("[\"pr-1\",\"x\\u00e9\"]"),
		.parameters =
			STR("{\"package\":\"numpy\",\"arch\":\"linux-64\",\"n\":[1]}"),
		.rest = STR("\"parameters\":{\"package\":\"numpy\"}") };
}

#endif
