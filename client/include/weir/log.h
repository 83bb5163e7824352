/*
 * The diagnostic log: to the file named by WEIR_LOG (or -v: stderr, CLI only), never to
 * the terminal of a menu. Credentials never get here: http.c masks them before it logs.
 */
#ifndef WEIR_LOG_H
#define WEIR_LOG_H

#include <weir/error.h>

enum weir_log_level { LOG_ERROR = 1, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* fd: where to write, -1 for nowhere (the default). Call before threads start. */
void weir_log_to(int fd, enum weir_log_level level);
bool weir_log_on(enum weir_log_level level);

/* One line, with time, level and module; newlines in it become spaces. Thread-safe. */
void weir_log_write(enum weir_log_level level, const char *module, const char *fmt, ...)
	WEIR_PRINTF(3, 4);

/* A file says `#define LOG_MODULE "sync"` before it includes this. */
#ifndef LOG_MODULE
#define LOG_MODULE "weir"
#endif
#define LOG(level, ...)                                                                \
	(weir_log_on(level) ? weir_log_write((level), LOG_MODULE, __VA_ARGS__)         \
			    : (void)0)

#endif
