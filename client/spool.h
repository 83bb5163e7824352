/*
 * What a command printed, on its way to the server: a file of a run, which only grows,
 * so that no line dies with a worker or a server that is away.
 *
 * It consists of frames: a head of one line and whole lines of text, each frame written
 * by one call. Who appends: the relay (relay.h), `weir task`, the worker. What was sent
 * is a place in it; which batch is on its way is written down before it is sent, so
 * that the next worker can ask the server how far that came. A line's time is its
 * frame's, moved up so that times rise strictly within the run.
 */
#ifndef WEIR_CLIENT_SPOOL_H
#define WEIR_CLIENT_SPOOL_H

#include "weir/mem.h"
#include "weir/types.h"

enum {
	SPOOL_FRAME_BYTES = 64 << 10, /* of text; a longer line comes in pieces */
	SPOOL_FRAME_LINES = 4000,
	SPOOL_HEAD_MAX = 128,
	SPOOL_BATCH_BYTES = 256 << 10,
	SPOOL_BATCH_LINES = 4000,
	SPOOL_SAID_MAX = 300,
	SPOOL_FREE_BYTES = 1 << 20, /* is given back at once */
};

enum spool_from {
	SPOOL_OUT = 'o',
	SPOOL_ERR = 'e',
	SPOOL_TASK = 't', /* by `weir task` */
	SPOOL_NOTE = 'n', /* by the worker */
};

struct spool_frame {
	enum spool_from from;
	int64_t us;
	size_t len;
	int level;           /* 0: by what the line says */
	struct weir_id task; /* all zero: none */
};

/* The head as text; its length. */
size_t spool_head(const struct spool_frame *f, char out[SPOOL_HEAD_MAX]);
/* The head that text begins with; false: it does not, or not yet whole. */
bool spool_head_parse(struct str text, struct spool_frame *ret_f, size_t *ret_len);
/* One frame to the end of fd; false: errno says why; a half one is not read. */
bool spool_append(int fd, const struct spool_frame *f, const char *text);

/* Ends of lines in it. */
size_t spool_lines(struct str text);

/* 40 for `error:`, 30 for `warning:` and what else says that, else 20. */
int spool_level(struct str line);

/* Keep what a line says, as it may be shown, unless that is nothing. */
void spool_remember(char where[SPOOL_SAID_MAX], struct str line);

struct spool {
	char *dir;
	int fd;          /* appends; -1: closed */
	int progress;    /* of the file that says how far it is */
	int64_t size;    /* of the file when it was looked at */
	int64_t done;    /* so far it was sent, and is there */
	int64_t to;      /* so far a batch may have been sent; done: none has */
	int64_t last_us; /* time of the last line before done */
	int64_t freed;   /* so far its room was given back */
	bool tasks;      /* a task wrote to it */
	bool doubt;      /* whether [done, to) is there is not known */
	bool old;        /* nor how much behind: it was found, not made */
	/* the last line of level 40, and the last of stderr; "" */
	char error[SPOOL_SAID_MAX], err[SPOOL_SAID_MAX];
};

/* Lines for one request. */
struct spool_batch {
	char *text;
	VEC(struct weir_log) lines;
	size_t first; /* lines before it are there already */
	int64_t to, last_us;
};

/* Open or make the file in dir. */
WEIR_NODISCARD enum weir_rc spool_open(
	struct spool *s, const char *dir, struct weir_err *err);
void spool_close(struct spool *s);

/*
 * From now on it is written by who has s->fd, which children inherit: until the last of
 * them closes it, spool_is_written of another worker says so.
 */
void spool_share(const struct spool *s);
bool spool_is_written(const struct spool *s);

/* Is there more than was sent? */
bool spool_grown(struct spool *s);

/*
 * The next lines, and what may be sent written down; false: there are none. With
 * s->doubt they are those of the batch that may be there.
 */
bool spool_next(struct spool *s, const struct weir_id *run, struct spool_batch *ret_b);
/* The server has all lines up to this time (WEIR_NO_TIME: none of them). */
void spool_batch_there(struct spool_batch *b, int64_t newest_us);
void spool_batch_release(struct spool_batch *b);
/* The batch is there. */
void spool_sent(struct spool *s, const struct spool_batch *b);

/* A line of the worker's own in the log. */
void spool_note(struct spool *s, int level, int64_t now_us, const char *fmt, ...)
	WEIR_PRINTF(4, 5);

#endif
