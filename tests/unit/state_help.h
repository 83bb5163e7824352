/* A state store in a folder of its own. */
#ifndef WEIR_TESTS_STATE_HELP_H
#define WEIR_TESTS_STATE_HELP_H

#include "../lib/fake.h"
#include "statedb.h"
#include "store_help.h"

struct state_help {
	char folder[64];
	struct weir_config *config;
	struct weir_statedb *s;
	struct weir_err err;
};

static inline void
state_new(struct state_help *h)
{
	const char *tmp = getenv("TMPDIR");

	memset(h, 0, sizeof(*h));
	snprintf(h->folder, sizeof(h->folder), "%.40s/weirXXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(h->folder))
		fail_msg("no temporary folder");
	fake_environment();
	setenv("HOME", h->folder, 1);
	setenv("XDG_STATE_HOME", h->folder, 1);
	setenv("XDG_CACHE_HOME", h->folder, 1);
	h->config = fake_config("http://127.0.0.1:9/api");
}

static inline void
state_open(struct state_help *h, bool write)
{
	struct weir_err *err = &h->err;

	OK(weir_statedb_open(h->config, write, &h->s, err));
}

static inline void
state_close(struct state_help *h)
{
	weir_statedb_close(h->s);
	h->s = NULL;
}

static inline void
state_end(struct state_help *h)
{
	state_close(h);
	weir_config_free(h->config);
	help_sh(xasprintf("chmod -R u+rwX '%s' && rm -rf '%s'", h->folder, h->folder));
}

#endif
