/* Start the fake Prefect server for a C test, and order its faults. */
#ifndef WEIR_TESTS_FAKE_H
#define WEIR_TESTS_FAKE_H

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api.h"
#include "weir/mem.h"

enum { FAKE_ARGS_MAX = 24 };

struct fake {
	pid_t pid;
	char url[256]; /* of the API */
};

/*
 * Variables that could lead a test elsewhere are taken away; settings of a test come as
 * PREFECT_* set by it before fake_config.
 */
static inline void
fake_environment(void)
{
	static const char *const names[] = { "PREFECT_API_KEY",
		"PREFECT_API_AUTH_STRING", "PREFECT_PROFILE",
		"PREFECT_CLIENT_CUSTOM_HEADERS", "http_proxy", "https_proxy",
		"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy",
		"PREFECT_API_REQUEST_TIMEOUT", "PREFECT_CLIENT_MAX_RETRIES",
		"PREFECT_API_SSL_CERT_FILE", "SSL_CERT_FILE",
		"PREFECT_API_TLS_INSECURE_SKIP_VERIFY", "XDG_CONFIG_HOME" };

	for (size_t i = 0; i < N_ELEM(names); i++)
		unsetenv(names[i]);
	setenv("HOME", "/nonexistent", 1);
}

static inline struct weir_config *
fake_config(const char *url)
{
	struct weir_config_flags flags = { 0 };
	struct weir_config *config;

	setenv("PREFECT_API_URL", url, 1);
	if (weir_config_load(&flags, &config, NULL))
		abort();
	return config;
}

/* args: ends with NULL. */
static inline void
fake_start(struct fake *f, const char *const *args)
{
	const char *argv[FAKE_ARGS_MAX] = { "python3", "-B",
		"tests/lib/fake_prefect.py" };
	int fds[2], n = 3;
	size_t len = 0;
	ssize_t got;

	while (*args && n < FAKE_ARGS_MAX - 1)
		argv[n++] = *args++;
	if (pipe(fds))
		abort();
	f->pid = fork();
	if (f->pid == 0) {
		dup2(fds[1], 1);
		close(fds[0]);
		execvp("python3", (char **)(uintptr_t)argv);
		_exit(127);
	}
	close(fds[1]);
	while (len < sizeof(f->url) - 1 &&
		(got = read(fds[0], f->url + len, sizeof(f->url) - 1 - len)) > 0) {
		len += (size_t)got;
		if (f->url[len - 1] == '\n')
			break;
	}
	close(fds[0]);
	f->url[len] = '\0';
	f->url[strcspn(f->url, "\n")] = '\0';
	if (strncmp(f->url, "http", 4) != 0)
		abort();
}

static inline void
fake_stop(struct fake *f)
{
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
}

#endif
