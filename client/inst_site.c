#include "inst_site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#define LOG_MODULE "inst"
#include "inst_file.h"
#include "inst_lock.h"
#include "inst_name.h"
#include "inst_tmp.h"
#include "inst_tree.h"
#include "owner.h"
#include "plat.h"
#include "weir/inst.h"
#include "weir/log.h"
#include "weir/mem.h"

enum { NOTE_MAX = 4096, BORN_MAX_S = 10 };
static const char marker_file[] = ".metaflowenv";
static const char word_file[] = ".weir-making"; /* gone when the marker is there */

enum weir_rc
inst_site_init(struct inst_site *s, const char *target, struct weir_err *err)
{
	struct buf plain = BUF_INIT(INST_NAME_MAX);
	const char *whole = target, *why = "not an absolute path", *slash;
	struct weir_id id;

	*s = (struct inst_site){ 0 };
	if (target[0] == '/') {
		while (*target == '/')
			target++;
		why = inst_name_plain(str_of(*target ? target : "."), &plain);
		if (!why && !plain.len)
			why = "it is the root";
	}
	for (const char *c = buf_cstr(&plain); !why && *c; c++)
		if ((unsigned char)*c < ' ' || strchr("\"$`\\", *c) || *c == 0x7f)
			why = "its path has a byte that scripts cannot carry";
	if (why) {
		weir_fail(err, WEIR_EUSAGE, "environment: %s: %s", whole, why);
		buf_release(&plain);
		(void)weir_hint(err, "another --name, or folder in CONDA_ENVS_DIRS");
		return WEIR_EUSAGE; /* where nobody wants the words, too */
	}
	s->target = xasprintf("/%s", buf_cstr(&plain));
	slash = strrchr(s->target, '/');
	s->base = slash + 1;
	s->parent = xstrndup(
		s->target, slash == s->target ? 1 : (size_t)(slash - s->target));
	s->note = xasprintf("%s/.%.200s.weir-note", s->parent, s->base);
	id = weir_id_random();
	weir_id_format(&id, s->word);
	buf_release(&plain);
	return WEIR_OK;
}

enum weir_rc
weir_inst_check_target(const char *target, struct weir_err *err)
{
	struct inst_site site;
	enum weir_rc rc = inst_site_init(&site, target, err);

	if (!rc)
		inst_site_release(&site);
	return rc;
}

void
inst_site_release(struct inst_site *s)
{
	free(s->target);
	free(s->parent);
	free(s->note);
	*s = (struct inst_site){ 0 };
}

static bool
is_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool empty = d != NULL;

	while (empty && (e = readdir(d)))
		empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	if (d)
		closedir(d);
	return empty;
}

struct note {
	bool gone; /* whoever it names is no more, or this process itself */
	bool left; /* the process that made it is no more, or this process itself */
	bool child;
	unsigned long long folder[2];
	char word[WEIR_ID_TEXT + 1];
};

static bool
read_note(const struct inst_site *s, struct note *ret_note)
{
	struct buf text = BUF_INIT(NOTE_MAX);
	char *line, *next;
	struct stat st;
	/* In a folder that is shared anybody may put one there. */
	bool ok = lstat(s->note, &st) == 0 && S_ISREG(st.st_mode) &&
		  st.st_uid == geteuid() &&
		  !inst_file_read(
			  s->parent, strrchr(s->note, '/') + 1, "note", &text, NULL);

	*ret_note = (struct note){ .gone = true, .left = true };
	for (line = ok && text.s ? text.s : NULL; line && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (strncmp(line, "owner ", 6) == 0)
			ret_note->left = owner_life(line + 6) == OWNER_SELF ||
					 inst_lock_gone(line + 6);
		else if (strncmp(line, "child ", 6) == 0)
			ret_note->child = true,
			ret_note->gone = inst_lock_gone(line + 6);
		else if (strncmp(line, "folder ", 7) == 0)
			sscanf(line + 7, "%llu %llu", &ret_note->folder[0],
				&ret_note->folder[1]);
		else if (strncmp(line, "word ", 5) == 0)
			snprintf(
				ret_note->word, sizeof(ret_note->word), "%s", line + 5);
	}
	ret_note->gone &= ret_note->left;
	buf_release(&text);
	return ok;
}

/* The ids in two markers, however they are spaced. */
static bool
same_marker(struct str a, const char *b)
{
	json_t *x, *y;
	bool same = str_eq(a, b);

	if (same)
		return true;
	x = json_loadb(a.s ? a.s : "", a.len, 0, NULL);
	y = json_loads(b, 0, NULL);
	same = x && json_equal(x, y);
	json_decref(x);
	json_decref(y);
	return same;
}

/* The number of a folder is soon used again: only what was put into it says more. */
static bool
has_word(const struct inst_site *s, const char *word)
{
	struct buf text = BUF_INIT(NOTE_MAX);
	bool has = !inst_file_read(s->target, word_file, "word", &text, NULL) &&
		   text.len && str_eq(buf_str(&text), word);

	buf_release(&text);
	return has;
}

/*
 * Was the folder begun while the note was kept by one that waited for a program to
 * begin it? inst_site_wait says until when that was.
 */
static bool
is_of_child(const struct inst_site *s, const struct stat *st)
{
	struct timespec note, folder;
	struct stat now;

	return st->st_uid == geteuid() && stat(s->note, &now) == 0 &&
	       plat_born(s->note, &note) && plat_born(s->target, &folder) &&
	       (folder.tv_sec > note.tv_sec ||
		       (folder.tv_sec == note.tv_sec &&
			       folder.tv_nsec >= note.tv_nsec)) &&
	       folder.tv_sec <= now.st_mtime + BORN_MAX_S;
}

static enum inst_site_state
look_at_note(const struct inst_site *s, const struct stat *st)
{
	struct note note;
	bool ours;

	if (!read_note(s, &note))
		return INST_SITE_FOREIGN;
	if (note.child && !note.word[0])
		ours = is_of_child(s, st);
	else
		ours = note.folder[0] == (unsigned long long)st->st_dev &&
		       note.folder[1] == (unsigned long long)st->st_ino &&
		       has_word(s, note.word);
	if (!ours)
		return INST_SITE_FOREIGN;
	return note.gone ? INST_SITE_LEFT : INST_SITE_MAKING;
}

/* Nothing is there: a program whose starter died may yet begin it. */
static enum inst_site_state
look_for_child(const struct inst_site *s)
{
	struct note note;

	return read_note(s, &note) && note.left && !note.gone ? INST_SITE_MAKING
							      : INST_SITE_FREE;
}

enum inst_site_state
inst_site_look(const struct inst_site *s, const char *marker)
{
	struct buf text = BUF_INIT(INST_MARKER_MAX);
	enum inst_site_state state;
	struct stat st;
	enum weir_rc rc;

	if (lstat(s->target, &st))
		return errno == ENOENT ? look_for_child(s) : INST_SITE_FOREIGN;
	if (!S_ISDIR(st.st_mode))
		return INST_SITE_FOREIGN;
	rc = inst_file_read(s->target, marker_file, "marker", &text, NULL);
	if (!rc)
		state = same_marker(buf_str(&text), marker) ? INST_SITE_SAME
							    : INST_SITE_OTHER;
	else if (rc != WEIR_ENOTFOUND)
		state = INST_SITE_FOREIGN;
	else if (is_empty(s->target))
		state = look_for_child(s);
	else
		state = look_at_note(s, &st);
	buf_release(&text);
	return state;
}

enum weir_rc
inst_site_note(
	const struct inst_site *s, const char *path, pid_t child, struct weir_err *err)
{
	struct buf text = BUF_INIT(NOTE_MAX);
	char *owner = owner_self(), *file;
	enum weir_rc rc = WEIR_OK;
	struct stat st;

	buf_addf(&text, "owner %s\n", owner);
	free(owner);
	if (child) {
		owner = owner_of((long)child);
		buf_addf(&text, "child %s\n", owner);
		free(owner);
	}
	if (path && lstat(path, &st) == 0) {
		buf_addf(&text, "folder %llu %llu\nword %s\n",
			(unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
			s->word);
		file = xasprintf("%s/%s", path, word_file);
		rc = inst_file_replace(file, str_of(s->word), 0600, err);
		free(file);
	}
	if (!rc)
		rc = inst_file_replace(s->note, buf_str(&text), 0644, err);
	buf_release(&text);
	return rc;
}

void
inst_site_wait(const struct inst_site *s)
{
	(void)utimensat(AT_FDCWD, s->note, NULL, 0);
}

void
inst_site_forget(const struct inst_site *s)
{
	unlink(s->note);
}

bool
inst_site_abandoned(const struct inst_site *s)
{
	struct note note;

	return read_note(s, &note) && note.gone;
}

void
inst_site_settle(const struct inst_site *s)
{
	char *path = xasprintf("%s/%s", s->target, word_file);

	unlink(path);
	free(path);
	inst_site_forget(s);
}

enum weir_rc
inst_site_clear(const struct inst_site *s, struct weir_err *err)
{
	char *gone = inst_tmp_name(s->parent, INST_TMP_GONE);
	enum weir_rc rc = WEIR_OK;
	struct weir_err why;

	/* In one step: what is half removed has its word no more. */
	if (rename(s->target, gone)) {
		rc = weir_fail(err, WEIR_EFAIL, "%s: cannot be removed: %s", s->target,
			strerror(errno));
	} else {
		inst_site_forget(s);
		/* It is out of sight, and what stays of it is swept later. */
		if (inst_tree_remove(gone, &why))
			LOG(LOG_WARN, "%s", why.text);
	}
	free(gone);
	return rc;
}

enum weir_rc
inst_site_mark(const struct inst_site *s, const char *marker, struct weir_err *err)
{
	char *path = xasprintf("%s/%s", s->target, marker_file);
	enum weir_rc rc = inst_file_replace(path, str_of(marker), 0644, err);

	free(path);
	if (!rc)
		inst_site_settle(s);
	return rc;
}
