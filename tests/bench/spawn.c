/*
 * Times whole processes against each other: the commands are started in turn, round by
 * round, so that what disturbs the machine disturbs them all.
 *
 * Usage: spawn ROUNDS COMMAND WORD... :: COMMAND WORD... [:: ...]
 *
 * 0 ROUNDS: once, without the rounds that warm up. The largest resident set of a
 * process that Python starts is Python's own, where that is larger: so it is not asked.
 *
 * Prints a line a command: median and 9th decile of the wall time in microseconds,
 * median of the processor time, largest resident set in kB, exit status. stdout of the
 * commands goes to /dev/null; their stderr is ours.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/mem.h>
#include <weir/time.h>

enum { COMMANDS_MAX = 32, WARM_UP = 2 };

extern char **environ;

struct command {
	char **argv;
	int64_t *wall, *cpu;
	long rss_kb;
	int status;
};

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t
microseconds(struct timeval t)
{
	return (int64_t)t.tv_sec * WEIR_SECOND_US + t.tv_usec;
}

static void
run_once(struct command *c, const posix_spawn_file_actions_t *actions, int round)
{
	int64_t began = weir_monotonic_us();
	struct rusage use;
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, c->argv[0], actions, NULL, c->argv, environ) ||
		wait4(pid, &status, 0, &use) != pid) {
		fprintf(stderr, "spawn: %s cannot be run\n", c->argv[0]);
		exit(1);
	}
	if (round < 0)
		return;
	c->wall[round] = weir_monotonic_us() - began;
	c->cpu[round] = microseconds(use.ru_utime) + microseconds(use.ru_stime);
	c->rss_kb = use.ru_maxrss > c->rss_kb ? use.ru_maxrss : c->rss_kb;
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static size_t
split(char **words, int rounds, struct command *commands)
{
	size_t n = 0;

	while (*words && n < COMMANDS_MAX) {
		commands[n].argv = words;
		commands[n].wall = xcalloc((size_t)rounds, sizeof(int64_t));
		commands[n].cpu = xcalloc((size_t)rounds, sizeof(int64_t));
		n++;
		while (*words && strcmp(*words, "::") != 0)
			words++;
		if (*words)
			*words++ = NULL;
	}
	return n;
}

int
main(int argc, char **argv)
{
	static struct command commands[COMMANDS_MAX];
	posix_spawn_file_actions_t actions;
	int rounds = argc > 2 ? (int)strtol(argv[1], NULL, 10) : -1;
	int warm_up = rounds ? WARM_UP : 0;
	size_t n, mid = (size_t)rounds / 2, late = (size_t)rounds * 9 / 10;

	if (rounds == 0)
		rounds = 1;
	if (rounds < 0) {
		fprintf(stderr, "usage: spawn ROUNDS COMMAND... [:: COMMAND...]\n");
		return 2;
	}
	n = split(argv + 2, rounds, commands);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (int round = -warm_up; round < rounds; round++)
		for (size_t i = 0; i < n; i++)
			run_once(&commands[i], &actions, round);
	for (size_t i = 0; i < n; i++) {
		struct command *c = &commands[i];

		qsort(c->wall, (size_t)rounds, sizeof(int64_t), compare);
		qsort(c->cpu, (size_t)rounds, sizeof(int64_t), compare);
		printf("%lld %lld %lld %ld %d\n", (long long)c->wall[mid],
			(long long)c->wall[late], (long long)c->cpu[mid], c->rss_kb,
			c->status);
	}
	return 0;
}
