/*
 * Result codes and the error text that travels with them.
 *
 * A function that can fail returns enum weir_rc and takes a struct weir_err last (may
 * be NULL). The text is complete: what, on which object, why; no newline, no full stop.
 * The hint, when there is one, is the command or change to try.
 */
#ifndef WEIR_ERROR_H
#define WEIR_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define WEIR_NODISCARD __attribute__((warn_unused_result))
#define WEIR_PRINTF(f, a) __attribute__((format(printf, f, a)))

enum weir_rc {
	WEIR_OK = 0,
	WEIR_EFAIL,      /* anything that no caller branches on */
	WEIR_EUSAGE,     /* wrong argument, option, query, column */
	WEIR_ECONFIG,    /* a configuration file cannot be used */
	WEIR_ENOSERVER,  /* no server is configured */
	WEIR_ENOTFOUND,  /* no such object */
	WEIR_EAMBIGUOUS, /* several objects fit */
	WEIR_EREFUSED,   /* the server refused: 409, 422 and the like */
	WEIR_EAUTH,      /* 401, 403 */
	WEIR_ENET,       /* no server answered as one should */
	WEIR_EDB,        /* the store failed */
	WEIR_ENEWER,     /* the store was made by a newer weir */
	WEIR_EBUSY,      /* another process holds the sync lock */
	WEIR_ETOOBIG,    /* over a named maximum */
	WEIR_EBADDATA,   /* outside bytes that cannot be read */
	WEIR_EPENDING,   /* not finished yet */
	WEIR_ERUNFAILED, /* the watched run failed */
	WEIR_EDIFFERS,   /* what was compared is not the same */
	WEIR_EINTR,      /* interrupted or cancelled by the user */
	WEIR_N_RC
};

struct weir_err {
	enum weir_rc rc;
	char text[1536];
	char hint[512];
};

/* Set err (may be NULL) and return rc, so that failure is one statement. Clears the
 * hint. */
enum weir_rc weir_fail(struct weir_err *err, enum weir_rc rc, const char *fmt, ...)
	WEIR_PRINTF(3, 4);
enum weir_rc weir_vfail(struct weir_err *err, enum weir_rc rc, const char *fmt,
	va_list ap) WEIR_PRINTF(3, 0);

/* Set what to try (shown after `try: `); returns err's code, WEIR_EFAIL if err is NULL.
 */
enum weir_rc weir_hint(struct weir_err *err, const char *fmt, ...) WEIR_PRINTF(2, 3);

/* Put "<prefix>: " before the text of err. Returns err's code. */
enum weir_rc weir_prefix(struct weir_err *err, const char *fmt, ...) WEIR_PRINTF(2, 3);

/* The process exit status that stands for rc (see weir.1, EXIT STATUS). */
int weir_exit_status(enum weir_rc rc);

#endif
