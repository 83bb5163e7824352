/*
 * Defaults of conda_v2.cnd, written while Metaflow and others write the file: under its
 * lock, whole by a rename, and looked at again, since a writer that was already under
 * way may put the old content back.
 */
#ifndef WEIR_ENV_WRITE_H
#define WEIR_ENV_WRITE_H

#include <weir/env.h>
#include <weir/statedb.h>

enum {
	WEIR_ENV_CHOICES_MAX = 64,
	WEIR_ENV_LOCK_MS = 30000, /* that a writer waits for the lock */
};

/* A default for one architecture. Texts borrowed. */
struct weir_env_choice {
	const char *arch, *req_id;
	const char *full_id; /* NULL: none any more */
	struct str object;   /* the environment, JSON, put in if the file lacks it */
};

/*
 * What stood there before (NULL: none); under the lock, before anything is written. Of
 * every choice in turn, and again each time that it is tried anew. again: it was
 * written already, and lost.
 */
typedef enum weir_rc weir_env_old_fn(void *arg, const struct weir_env_choice *c,
	const char *old, bool again, struct weir_err *err);

struct weir_env_write {
	const char *file;
	const struct weir_env_choice *v;
	size_t n;
	int lock_ms;          /* 0: WEIR_ENV_LOCK_MS */
	weir_env_old_fn *old; /* may be NULL */
	/* All of them were told, and it is written next; may be NULL. */
	enum weir_rc (*note)(void *arg, struct weir_err *err);
	/* Has another weir chosen one for the same since? It defends its own. May be
	 * NULL. */
	bool (*later)(void *arg, const struct weir_env_choice *c);
	bool (*stop)(void *arg); /* may be NULL. True: WEIR_EINTR */
	void *arg;
};

struct weir_env_written {
	bool changed;   /* false: all was so already */
	int redone;     /* times that it was lost, and written again */
	bool overtaken; /* somebody has chosen something else since */
};

/*
 * All of w->v in one rewrite. WEIR_EREFUSED: the file is somebody else's, whose name is
 * in the text; WEIR_ENOTFOUND: no such object; WEIR_EBUSY: the lock could not be had,
 * or it was lost again and again; WEIR_EBADDATA: the file is damaged. Nothing is
 * changed then.
 */
WEIR_NODISCARD enum weir_rc weir_env_write(const struct weir_env_write *w,
	struct weir_env_written *ret, struct weir_err *err);

/* The default that stands there now; *ret_id owned, NULL when there is none. */
WEIR_NODISCARD enum weir_rc weir_env_default(const char *file, const char *arch,
	const char *req_id, char **ret_id, struct weir_err *err);

/*
 * What was selected, so that it can be taken back; in the state store. Of one file and
 * one req_id, by architecture.
 */
struct weir_env_swap {
	const char *arch, *req_id;
	const char *was, *is; /* NULL: none */
};
struct weir_env_past {
	VEC(struct weir_env_swap) v;
	char *name;   /* in the state store */
	bool undoing; /* it takes another back: none to be taken back itself */
	struct arena arena;
};
enum { WEIR_ENV_PAST_MAX = 100 }; /* that are kept, of all files */

/* Add p; its name is made when it has none, else that one is put again. */
WEIR_NODISCARD enum weir_rc weir_env_past_put(struct weir_statedb *s, const char *file,
	struct weir_env_past *p, struct weir_err *err);
/* The newest of file; WEIR_ENOTFOUND. */
WEIR_NODISCARD enum weir_rc weir_env_past_last(struct weir_statedb *s, const char *file,
	struct weir_env_past *ret, struct weir_err *err);
WEIR_NODISCARD enum weir_rc weir_env_past_forget(
	struct weir_statedb *s, const struct weir_env_past *p, struct weir_err *err);
/* Has another weir chosen one for the same since p was put, or taken p back? */
bool weir_env_past_overtaken(struct weir_statedb *s, const struct weir_env_past *p,
	const struct weir_env_choice *c);
/* `{"arch":...,"req_id":...,"was":...,"is":...}`; null for none. */
void weir_env_swap_json(const struct weir_env_swap *s, struct buf *out);
void weir_env_past_release(struct weir_env_past *p);

#endif
