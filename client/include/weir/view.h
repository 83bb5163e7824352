/*
 * A view as the command that shows it: `runs 'state:failed since:2d' --sort dur:desc`.
 *
 * The title line of a menu, named views, what a menu keeps when it is left, and the
 * command line are all this one thing; it goes to text and back.
 */
#ifndef WEIR_VIEW_H
#define WEIR_VIEW_H

#include <weir/buf.h>
#include <weir/error.h>
#include <weir/shell.h>
#include <weir/types.h>

enum { WEIR_VIEW_MAX = WEIR_SHELL_MAX }; /* bytes of its text */

/*
 * `env list --group` as a view: what it is sorted by before anything else, and then
 * unless told, and the columns of a menu, which has no lines between groups.
 */
#define WEIR_GROUP_FIRST "req_newest:desc,req_id,"
#define WEIR_GROUP_THEN "resolved:desc"
#define WEIR_GROUP_COLUMNS                                                             \
	"short_req,short_id,is_default,arch,creator,date,n_packages,aliases"

enum weir_show {
	WEIR_SHOW_LIST,    /* runs, flows, ...: kind */
	WEIR_SHOW_OBJECT,  /* show ID */
	WEIR_SHOW_LOG,     /* logs ID */
	WEIR_SHOW_GRAPH,   /* graph ID */
	WEIR_SHOW_WHY,     /* why ID */
	WEIR_SHOW_HISTORY, /* history */
	WEIR_SHOW_ENV,     /* env show ENV */
	WEIR_SHOW_DIFF,    /* env diff A B */
	WEIR_SHOW_SELECT,  /* env select-resolved --req-id ID */
	WEIR_N_SHOWS
};

/* Texts are owned; NULL is none. */
struct weir_view {
	enum weir_show show;
	enum weir_kind kind; /* of a list */
	char *query;
	char *sort;     /* as --sort */
	char *columns;  /* as --columns; a width may follow a name: `name:30` */
	char *count_by; /* a field: groups and their counts instead of rows */
	bool tree;      /* runs with their child runs below them */
	bool all;       /* environments that Metaflow itself builds with too */
	char *id;     /* of an object: id, name, @latest, web address; of several logs,
			 of both sides of a diff with newlines between them */
	char *arch;   /* of environments: as --arch */
	char *file;   /* of environments: as --file */
	bool follow;  /* a log, as it grows */
	char *level;  /* of a log: as --level */
	char *grep;   /* of a log: as --grep */
	char *task;   /* of a log: as --task */
	char *logger; /* of a log: as --logger */
};

/*
 * From text in the shell's quoting, with or without `weir` before it. Errors:
 * WEIR_EUSAGE, with the word that is wrong; query, sort and columns are not looked
 * into.
 */
WEIR_NODISCARD enum weir_rc weir_view_parse(
	struct str text, struct weir_view *ret_view, struct weir_err *err);
void weir_view_release(struct weir_view *v);
void weir_view_copy(const struct weir_view *v, struct weir_view *ret_view);

/* As text that weir_view_parse and a shell read back: begins with `weir `. */
void weir_view_format(const struct weir_view *v, struct buf *out);
/* Its command without `weir`: `runs`, `pools --queues`. Static. */
const char *weir_view_command(const struct weir_view *v);

#endif
