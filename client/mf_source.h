/*
 * Where Metaflow's runs are read from: files of a folder, or a metadata service. What
 * differs is a table of functions; what is found is told to a sink.
 */
#ifndef WEIR_CLIENT_MF_SOURCE_H
#define WEIR_CLIENT_MF_SOURCE_H

#include "mf_id.h"
#include "mf_object.h"
#include "weir/env_root.h"
#include "weir/metaflow.h"

/* A run as a list has it. */
struct mf_run {
	struct str flow, run;
	int64_t at_us;         /* about when it was started, for the order */
	uint64_t mark;         /* another when anything of it is; 0: always another */
	struct mf_object self; /* what is said of it, when it is said already */
	bool has_self;
};

/* How an attempt ended, as other files than records say. */
struct mf_done {
	int attempt;
	bool locked; /* all of it is written */
	int success; /* -1: not said */
	int code;    /* exit status of its process */
	int64_t us;
};

struct mf_task {
	struct str flow, run, step, task;
	int64_t created_us, active_us; /* active: something was written last */
	struct mf_object *records;     /* of all attempts */
	size_t n_records;
	struct mf_done done; /* of the newest attempt; attempt -1: nothing known */
	int attempts;        /* that were begun, by files; 0: not known */
	uint64_t mark;       /* as of a run */
};

struct mf_sink {
	void *arg;
	enum weir_rc (*flow)(void *arg, const struct mf_object *self);
	enum weir_rc (*run)(void *arg, const struct mf_run *run);
	/* Is it here as it is, so that it need not be read? */
	bool (*has_task)(void *arg, struct str step, struct str task, uint64_t mark);
	enum weir_rc (*task)(void *arg, const struct mf_task *task);
	/* Something that is left out, and why. */
	void (*note)(void *arg, const char *text);
	/* Is there time left? */
	bool (*go_on)(void *arg);
};

struct mf_source;

struct mf_source_ops {
	/* All flows and runs; texts are borrowed for the call. */
	enum weir_rc (*list)(
		struct mf_source *s, const struct mf_sink *sink, struct weir_err *err);
	/*
	 * One run: what is said of it, and its tasks. Texts of ret_self are of arena.
	 * WEIR_ENOTFOUND: it has gone, or is left out with a note.
	 */
	enum weir_rc (*read)(struct mf_source *s, const struct mf_run *run,
		const struct mf_sink *sink, struct arena *arena,
		struct mf_object *ret_self, struct weir_err *err);
	/*
	 * Before they are read, while nothing else waits for us: get what is said of
	 * these runs. WEIR_EINTR: go_on said no. NULL: there is no need.
	 */
	enum weir_rc (*fetch)(struct mf_source *s, const struct mf_run *const *runs,
		size_t n, const struct mf_sink *sink, struct weir_err *err);
	void (*close)(struct mf_source *s);
};

/* What every source begins with. */
struct mf_source {
	const struct mf_source_ops *ops;
	char *name;      /* masked, for messages; owned */
	bool beats;      /* runs that live say so */
	size_t together; /* runs that are read at once */
	int64_t from_us; /* by list: runs from before are not in it; WEIR_NO_TIME */
};

/* mf_local.c: the files below folder. */
struct mf_source *mf_local_open(const char *folder);
/* mf_service.c */
WEIR_NODISCARD enum weir_rc mf_service_open(const struct weir_metaflow_open *how,
	struct mf_source **ret_source, struct weir_err *err);
static inline void
mf_source_close(struct mf_source *s) /* accepts NULL */
{
	if (s)
		s->ops->close(s);
}

#endif
