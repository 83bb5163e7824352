#include "mf_alive.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "mf_id.h"

enum { ARGUMENTS_MAX = 32 << 10, IDS_MAX = 1 << 20 };

struct str
mf_alive_id(struct str arguments)
{
	bool next = false;

	for (size_t from = 0, to; from < arguments.len; from = to + 1) {
		const char *p = arguments.s + from;
		const char *nul = memchr(p, '\0', arguments.len - from);
		struct str word = { p, nul ? (size_t)(nul - p) : arguments.len - from };

		to = from + word.len;
		if (next && mf_id_is_name(word))
			return word;
		next = str_eq(word, "--run-id");
	}
	return (struct str){ "", 0 };
}

static void
add_process(struct mf_alive *a, int proc, const char *pid)
{
	char path[64], text[ARGUMENTS_MAX];
	struct str id;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%.32s/cmdline", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text));
	close(fd);
	id = mf_alive_id((struct str){ text, n > 0 ? (size_t)n : 0 });
	if (!id.len)
		return;
	buf_addstr(&a->ids, id);
	buf_addc(&a->ids, '\0');
}

static void
look(struct mf_alive *a)
{
	const struct dirent *e;
	DIR *dir = opendir("/proc");

	a->looked = true;
	buf_init(&a->ids, IDS_MAX);
	buf_addc(&a->ids, '\0');
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] >= '0' && e->d_name[0] <= '9')
			add_process(a, dirfd(dir), e->d_name);
	if (dir)
		closedir(dir);
}

bool
mf_alive_run(struct mf_alive *a, struct str run)
{
	if (!a->looked)
		look(a);
	for (size_t i = 0; i + run.len + 1 < a->ids.len; i++)
		if (a->ids.s[i] == '\0' && a->ids.s[i + 1 + run.len] == '\0' &&
			!memcmp(a->ids.s + i + 1, run.s, run.len))
			return true;
	return false;
}

void
mf_alive_release(struct mf_alive *a)
{
	buf_release(&a->ids);
	a->looked = false;
}
