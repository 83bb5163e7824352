/* Defaults of conda_v2.cnd: what is changed, what stays, who wins, what a kill leaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include "env_edit.h"
#include "env_file.h"
#include "env_help.h"
#include "weir/json.h"

#define HEAD "{\"version\": 1, \"mappings\": {\"odd\": [1]}, \"new thing\": 1.50, "

static char *
edit(const char *text, const struct weir_env_choice *c, enum weir_rc want)
{
	struct buf out = BUF_INIT(BUF_MAX);
	struct weir_err err = { 0 };
	bool changed = false;
	enum weir_rc rc = env_edit(str_of(text), c, &out, &changed, &err);

	if (rc != want)
		fprintf(stderr, "%s\n", err.text);
	assert_int_equal(rc, want);
	if (!rc && !changed)
		buf_adds(&out, text);
	return rc ? (buf_release(&out), NULL) : buf_steal(&out);
}

static void
edits_only_what_is_meant(void **state)
{
	static const struct {
		const char *before, *after; /* NULL: WEIR_ENOTFOUND, or of "?" bad */
		const char *full_id, *object;
	} cases[] = {
		/* replaced in its place; keys that nobody knows stay */
		{ HEAD "\"environments\": {\"a\": {\"r\": {\"_default\" : \"x\",\"f\": "
		       "{}, \"_n\": 0}}}}",
			HEAD "\"environments\": {\"a\": {\"r\": {\"_default\" : \"f\","
			     "\"f\": {}, \"_n\": 0}}}}",
			"f", "" },
		{ "{\"environments\": {\"a\": {\"r\": {\"f\": {}}, \"q\": {}}}}",
			"{\"environments\": {\"a\": {\"r\": {\"f\": {}, \"_default\": "
			"\"f\"}, \"q\": {}}}}",
			"f", "" },
		/* its object is absent */
		{ "{\"environments\": {\"a\": {\"r\": {\"_default\": \"f\"}}}}", NULL,
			"f", "" },
		{ "{\"environments\": {\"a\": {\"r\": {}}}}", NULL, "f", "" },
		{ "{\"environments\": {\"a\": {\"r\": {\"f\": 3}}}}", NULL, "f", "" },
		/* put in with its default, wherever the way ends */
		{ "{\"environments\": {\"a\": {\"r\": {\"_default\": \"x\"}}}}",
			"{\"environments\": {\"a\": {\"r\": {\"_default\": \"f\", "
			"\"f\": {\"k\": 1}}}}}",
			"f", "{\"k\": 1}" },
		{ "{\"environments\": {\"a\": {\"r\": {}}}}",
			"{\"environments\": {\"a\": {\"r\": {\"f\": {\"k\": 1}, "
			"\"_default\": \"f\"}}}}",
			"f", "{\"k\": 1}" },
		{ "{\"environments\": {\"a\": {\"q\": {}}}}",
			"{\"environments\": {\"a\": {\"q\": {}, \"r\": {\"f\": {}, "
			"\"_default\": \"f\"}}}}",
			"f", "{}" },
		{ "{\"environments\": {}}",
			"{\"environments\": {\"a\": {\"r\": {\"f\": {}, \"_default\": "
			"\"f\"}}}}",
			"f", "{}" },
		{ "{\"version\": 1}",
			"{\"version\": 1, \"environments\": {\"a\": {\"r\": {\"f\": "
			"{}, "
			"\"_default\": \"f\"}}}}",
			"f", "{}" },
		/* no default any more: first, between, last, alone */
		{ "{\"environments\": {\"a\": {\"r\": {\"_default\": \"x\", \"f\": "
		  "{}}}}}",
			"{\"environments\": {\"a\": {\"r\": {\"f\": {}}}}}", NULL, "" },
		{ "{\"environments\": {\"a\": {\"r\": {\"e\": {}, \"_default\": \"x\", "
		  "\"f\": {}}}}}",
			"{\"environments\": {\"a\": {\"r\": {\"e\": {}, \"f\": {}}}}}",
			NULL, "" },
		{ "{\"environments\": {\"a\": {\"r\": {\"f\": {}, \"_default\": "
		  "\"x\"}}}}",
			"{\"environments\": {\"a\": {\"r\": {\"f\": {}}}}}", NULL, "" },
		{ "{\"environments\": {\"a\": {\"r\": {\"_default\": \"x\"}}}}",
			"{\"environments\": {\"a\": {\"r\": {}}}}", NULL, "" },
		/* of two alike Python has the last; ends of lines stay */
		{ "{\"environments\": {\"a\": {}, \"a\":\n{\"r\": {\"f\": {}}}}}\n",
			"{\"environments\": {\"a\": {}, \"a\":\n{\"r\": {\"f\": {}, "
			"\"_default\": \"f\"}}}}\n",
			"f", "" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		const struct weir_env_choice c = { "a", "r", cases[i].full_id,
			{ cases[i].object, strlen(cases[i].object) } };
		char *out = edit(
			cases[i].before, &c, cases[i].after ? WEIR_OK : WEIR_ENOTFOUND);

		if (cases[i].after)
			assert_string_equal(out, cases[i].after);
		free(out);
	}
}

static void
edits_nothing_that_is_damaged(void **state)
{
	static const char *const bad[] = { "", "[]", "{\"environments\": {",
		"{\"environments\": {\"a\": {\"r\": {\"f\": {}}}}} x",
		"{\"environments\": {\"a\": {\"r\": {\"f\": {}}}}, \"k\": \"\xff\"}" };
	const struct weir_env_choice c = { "a", "r", "f", { "", 0 } };

	(void)state;
	for (size_t i = 0; i < N_ELEM(bad); i++)
		free(edit(bad[i], &c, WEIR_EBADDATA));
}

static void
names_what_it_adds(void **state)
{
	static const struct {
		const char *before, *after; /* NULL: the same */
	} cases[] = {
		{ "{\"aliases\": {}, \"mutable_aliases\": {}}",
			"{\"aliases\": {\"f\": [\"r\", \"f\"]}, "
			"\"mutable_aliases\": {}}" },
		{ "{\"mutable_aliases\": 0, \"aliases\": {\"x\": [\"q\", \"x\"]}}",
			"{\"mutable_aliases\": 0, \"aliases\": {\"x\": [\"q\", "
			"\"x\"], \"f\": [\"r\", \"f\"]}}" },
		{ "{\"mutable_aliases\": {}, \"aliases\": {\"f\": [\"q\", \"f\"]}}",
			NULL },                        /* the first request keeps it */
		{ "{\"aliases\": {}}", NULL },         /* of 0.0.x */
		{ "{\"mutable_aliases\": {}}", NULL }, /* never there */
	};
	const struct weir_env_choice c = { "a", "r", "f", { "{}", 2 } };

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct buf out = BUF_INIT(BUF_MAX);
		struct weir_err err = { 0 };
		bool changed = true;

		assert_int_equal(env_edit_alias(str_of(cases[i].before), &c, &out,
					 &changed, &err),
			WEIR_OK);
		assert_int_equal(changed, cases[i].after != NULL);
		if (changed)
			assert_string_equal(buf_cstr(&out), cases[i].after);
		buf_release(&out);
	}
}

/* ---- the file */

static char *
slurp(const char *path)
{
	struct buf b = BUF_INIT(BUF_MAX);
	char chunk[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, n);
	fclose(f);
	return buf_steal(&b);
}

static enum weir_rc
choose(const struct env_world *w, const char *full_id, const char *object,
	struct weir_env_written *r, struct weir_err *err)
{
	const struct weir_env_choice c = { "linux-64", ENV_R1, full_id,
		str_of(object) };
	const struct weir_env_write how = {
		.file = w->root.file, .v = &c, .n = 1, .lock_ms = 20000
	};

	return weir_env_write(&how, r, err);
}

static bool
is_default(const struct env_world *w, const char *full_id)
{
	char *text = slurp(w->root.file), *want;
	bool is;

	want = xasprintf("\"_default\": \"%s\"", full_id);
	is = strstr(text, want) != NULL;
	free(want);
	free(text);
	return is;
}

static size_t
files_in(const struct env_world *w)
{
	char *path = xasprintf("%s/.metaflow", w->folder);
	const struct dirent *e;
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while ((e = readdir(dir)))
		n += e->d_name[0] != '.';
	closedir(dir);
	free(path);
	return n;
}

static void
keeps_mode_and_links(void **state)
{
	struct env_world w;
	struct weir_env_written r;
	struct weir_err err;
	struct stat st;
	char *real;

	(void)state;
	env_world_make(&w);
	env_write(&w, ENV_FILE);
	real = xasprintf("%s/real", w.folder);
	assert_int_equal(rename(w.root.file, real), 0);
	assert_int_equal(symlink(real, w.root.file), 0);
	assert_int_equal(chmod(real, 0664), 0);
	assert_int_equal(choose(&w, ENV_FA, "", &r, &err), WEIR_OK);
	assert_true(r.changed && !r.overtaken && r.redone == 0);
	assert_int_equal(lstat(w.root.file, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(real, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0664);
	assert_true(is_default(&w, ENV_FA));
	assert_int_equal(files_in(&w), 1);
	assert_int_equal(choose(&w, ENV_FA, "", &r, &err), WEIR_OK);
	assert_false(r.changed);
	assert_int_equal(choose(&w, ENV_FC, "", &r, &err), WEIR_ENOTFOUND);
	assert_true(is_default(&w, ENV_FA));
	free(real);
	env_world_drop(&w);
}

static void
waits_for_the_lock_and_gives_up(void **state)
{
	const struct weir_env_choice c = { "linux-64", ENV_R1, ENV_FA, { "", 0 } };
	struct env_world w;
	struct weir_env_written r;
	struct weir_err err;
	char *who;
	int fd;

	(void)state;
	env_world_make(&w);
	env_write(&w, ENV_FILE);
	fd = open(w.root.file, O_RDONLY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(
		weir_env_write(
			&(struct weir_env_write){
				.file = w.root.file, .v = &c, .n = 1, .lock_ms = 100 },
			&r, &err),
		WEIR_EBUSY);
	who = xasprintf(": process %ld (", (long)getpid());
	assert_non_null(strstr(err.text, who));
	assert_non_null(strstr(err.text, ") holds its lock"));
	free(who);
	assert_true(is_default(&w, ENV_FB));
	close(fd);
	env_world_drop(&w);
}

/* One that held the old content puts it back, as Metaflow's writer may. */
static void
redoes_what_is_lost(void **state)
{
	const struct timespec wait = { .tv_nsec = 50000000 };
	struct env_world w;
	struct weir_env_written r;
	struct weir_err err;
	pid_t pid;

	(void)state;
	env_world_make(&w);
	env_write(&w, ENV_FILE);
	pid = fork();
	if (pid == 0) {
		while (!is_default(&w, ENV_FA))
			nanosleep(&wait, NULL);
		env_write(&w, ENV_FILE);
		_exit(0);
	}
	assert_int_equal(choose(&w, ENV_FA, "", &r, &err), WEIR_OK);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(r.redone, 1);
	assert_true(is_default(&w, ENV_FA));
	env_world_drop(&w);
}

static bool
say_later(void *arg, const struct weir_env_choice *c)
{
	bool *later = arg;

	assert_string_equal(c->full_id, ENV_FA);
	return *later;
}

/* The same bytes come back, but because somebody chose them: they stay. */
static void
leaves_what_was_chosen_later(void **state)
{
	const struct timespec wait = { .tv_nsec = 50000000 };
	const struct weir_env_choice c = { "linux-64", ENV_R1, ENV_FA, { "", 0 } };
	bool later = true;
	struct env_world w;
	struct weir_env_write how = { .v = &c, .n = 1, .later = say_later };
	struct weir_env_written r;
	struct weir_err err;
	pid_t pid;

	(void)state;
	env_world_make(&w);
	env_write(&w, ENV_FILE);
	how.file = w.root.file;
	how.arg = &later;
	pid = fork();
	if (pid == 0) {
		while (!is_default(&w, ENV_FA))
			nanosleep(&wait, NULL);
		env_write(&w, ENV_FILE);
		_exit(0);
	}
	assert_int_equal(weir_env_write(&how, &r, &err), WEIR_OK);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(r.redone, 0);
	assert_true(r.overtaken);
	assert_true(is_default(&w, ENV_FB));
	env_world_drop(&w);
}

/*
 * Something else than before: one that was in the file already is what Metaflow
 * remembered; one that is new is a choice.
 */
static void
tells_a_choice_from_a_memory(void **state)
{
	static const char *const full[] = { ENV_FB, ENV_FC };
	const struct timespec pause = { .tv_nsec = 50000000 };

	(void)state;
	for (size_t i = 0; i < N_ELEM(full); i++) {
		struct env_world w;
		struct weir_env_written r;
		struct weir_err err;

		env_world_make(&w);
		env_write(&w,
			"{\"version\": 1, \"environments\": {\"linux-64\": {\"" ENV_R1
			"\": {\"" ENV_FA "\": {}, \"" ENV_FB "\": {}}}}}");
		if (fork() == 0) {
			char *text;

			while (!is_default(&w, ENV_FA))
				nanosleep(&pause, NULL);
			text = xasprintf("{\"version\": 1, \"environments\": "
					 "{\"linux-64\": {\"" ENV_R1 "\": {\"" ENV_FA
					 "\": {}, \"%s\": {}, \"_default\": \"%s\"}}}}",
				full[i], full[i]);
			env_write(&w, text);
			_exit(0);
		}
		assert_int_equal(choose(&w, ENV_FA, "", &r, &err), WEIR_OK);
		assert_true(wait(NULL) > 0);
		assert_int_equal(r.redone, i == 0);
		assert_int_equal(r.overtaken, i == 1);
		assert_true(is_default(&w, i ? ENV_FC : ENV_FA));
		env_world_drop(&w);
	}
}

/* A part that nobody holds is taken away, another's is not. */
static void
sweeps_parts_of_the_dead(void **state)
{
	struct env_world w;
	struct weir_env_written r;
	struct weir_err err;
	char *dead, *live;
	int fd;

	(void)state;
	env_world_make(&w);
	env_write(&w, ENV_FILE);
	dead = xasprintf("%s.weir-dead00", w.root.file);
	live = xasprintf("%s.weir-live00", w.root.file);
	fd = open(dead, O_CREAT | O_WRONLY, 0600);
	close(fd);
	fd = open(live, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(choose(&w, ENV_FA, "", &r, &err), WEIR_OK);
	assert_int_not_equal(access(dead, F_OK), 0);
	assert_int_equal(access(live, F_OK), 0);
	close(fd);
	free(dead);
	free(live);
	env_world_drop(&w);
}

static void
makes_the_file_for_an_object(void **state)
{
	struct env_world w;
	struct weir_env_written r;
	struct weir_err err;

	(void)state;
	env_world_make(&w);
	assert_int_equal(choose(&w, ENV_FA, "", &r, &err), WEIR_ENOTFOUND);
	assert_int_equal(files_in(&w), 0);
	assert_int_equal(choose(&w, ENV_FA, "{\"packages\": []}", &r, &err), WEIR_OK);
	assert_true(is_default(&w, ENV_FA));
	env_world_drop(&w);
}

/* Each puts in an environment of its own: all must be there, each default was set. */
static void
sixteen_at_once(void **state)
{
	enum { WRITERS = 16 };
	struct env_world w;
	char *text;

	(void)state;
	env_world_make(&w);
	env_write(&w, ENV_FILE);
	for (int i = 0; i < WRITERS; i++) {
		char id[WEIR_ENV_ID + 1];
		struct weir_env_written r;

		if (fork() != 0)
			continue;
		snprintf(id, sizeof(id), "%040x", i);
		_exit(choose(&w, id, "{\"packages\": []}", &r, NULL) ? 1 : 0);
	}
	for (int i = 0, status; i < WRITERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	text = slurp(w.root.file);
	for (int i = 0; i < WRITERS; i++) {
		char id[WEIR_ENV_ID + 4];

		snprintf(id, sizeof(id), "\"%040x\"", i);
		assert_non_null(strstr(text, id));
	}
	free(text);
	env_world_drop(&w);
}

static void
makes_what_a_link_leads_to(void **state)
{
	struct env_world w;
	struct weir_env_written r;
	struct weir_err err;
	struct stat st;
	char *to;

	(void)state;
	env_world_make(&w);
	to = xasprintf("%s.real", w.root.file);
	(void)unlink(w.root.file);
	assert_int_equal(symlink(to, w.root.file), 0);
	assert_int_equal(choose(&w, ENV_FA, "{\"packages\": []}", &r, &err), WEIR_OK);
	assert_int_equal(lstat(w.root.file, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_true(is_default(&w, ENV_FA));
	assert_int_equal(unlink(to), 0);
	free(to);
	env_world_drop(&w);
}

/* Files of /proc do, and those that grow from nothing while they are read. */
static void
reads_what_says_it_is_empty(void **state)
{
	struct env_file f;
	struct weir_err err;

	(void)state;
	assert_int_equal(env_file_read("/proc/self/status", &f, &err), WEIR_OK);
	assert_int_equal(f.st.st_size, 0);
	assert_true(f.len > 100);
	env_file_release(&f);
}

/* Old or new, never broken; what is left beside it hinders nobody. */
static void
killed_at_any_point(void **state)
{
	struct env_world w;
	struct weir_env_written r;
	struct weir_err err;

	(void)state;
	env_world_make(&w);
	env_write(&w, ENV_FILE);
	for (int i = 0; i < 60; i++) {
		const struct timespec t = { .tv_nsec = (i + 1) * 50000L };
		struct weir_json *json = NULL;
		const char *to = i % 2 ? ENV_FA : ENV_FB;
		pid_t pid = fork();
		char *text;

		if (pid == 0)
			_exit(choose(&w, to, "", &r, NULL) ? 1 : 0);
		nanosleep(&t, NULL);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		text = slurp(w.root.file);
		assert_int_equal(weir_json_parse(str_of(text), &json, &err), WEIR_OK);
		weir_json_free(json);
		free(text);
		assert_true(is_default(&w, ENV_FA) || is_default(&w, ENV_FB));
	}
	assert_int_equal(choose(&w, ENV_FA, "", &r, &err), WEIR_OK);
	assert_true(is_default(&w, ENV_FA));
	env_world_drop(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_only_what_is_meant),
		cmocka_unit_test(edits_nothing_that_is_damaged),
		cmocka_unit_test(keeps_mode_and_links),
		cmocka_unit_test(waits_for_the_lock_and_gives_up),
		cmocka_unit_test(redoes_what_is_lost),
		cmocka_unit_test(names_what_it_adds),
		cmocka_unit_test(leaves_what_was_chosen_later),
		cmocka_unit_test(tells_a_choice_from_a_memory),
		cmocka_unit_test(sweeps_parts_of_the_dead),
		cmocka_unit_test(makes_the_file_for_an_object),
		cmocka_unit_test(makes_what_a_link_leads_to),
		cmocka_unit_test(reads_what_says_it_is_empty),
		cmocka_unit_test(sixteen_at_once),
		cmocka_unit_test(killed_at_any_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
