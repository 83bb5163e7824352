#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

#include "weir/buf.h"
#include "weir/mem.h"

enum { OWNER_TEXT_MAX = 512, OWNER_FILE_MAX = 4096, OWNER_START_FIELD = 22 };

/* The first line of a small file of /proc; false: there is none. */
static bool
read_line(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return true;
}

/* When the process began, in the system's own terms; "" when it cannot be told. */
static void
add_start(struct buf *out, long pid)
{
#ifdef __APPLE__
	int name[] = { CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)pid };
	struct kinfo_proc info;
	size_t size = sizeof(info);

	if (sysctl(name, N_ELEM(name), &info, &size, NULL, 0) == 0 && size > 0)
		buf_addf(out, "%lld.%d", (long long)info.kp_proc.p_starttime.tv_sec,
			(int)info.kp_proc.p_starttime.tv_usec);
#else
	char path[64], text[OWNER_FILE_MAX], *p;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if (!read_line(path, text, sizeof(text)))
		return;
	/* the name, second, may hold anything but ends with the last parenthesis */
	p = strrchr(text, ')');
	/* dead, and nobody has asked for its exit status yet */
	if (p && (p[1] && (p[2] == 'Z' || p[2] == 'X')))
		return;
	for (int field = 2; p && field < OWNER_START_FIELD; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	if (p)
		buf_add(out, p, strcspn(p, " "));
#endif
}

/* Where process numbers mean the same as here. */
static void
add_place(struct buf *out)
{
	char text[256] = "";
	ssize_t n;

	if (gethostname(text, sizeof(text) - 1) == 0)
		buf_adds(out, text);
	buf_addc(out, '/');
	if (read_line("/proc/sys/kernel/random/boot_id", text, sizeof(text)))
		buf_adds(out, text);
	n = readlink("/proc/self/ns/pid", text, sizeof(text) - 1);
	if (n > 0)
		buf_addf(out, "/%.*s", (int)n, text);
}

char *
owner_of(long pid)
{
	struct buf b = BUF_INIT(OWNER_TEXT_MAX);

	buf_addf(&b, "%ld ", pid);
	add_start(&b, pid);
	buf_addc(&b, ' ');
	add_place(&b);
	return buf_steal(&b);
}

char *
owner_self(void)
{
	return owner_of((long)getpid());
}

static bool
same_start(struct str start, long pid)
{
	struct buf now = BUF_INIT(OWNER_TEXT_MAX);
	bool same;

	add_start(&now, pid);
	same = str_equal(buf_str(&now), start);
	buf_release(&now);
	return same;
}

enum owner_life
owner_life(const char *owner)
{
	struct buf place = BUF_INIT(OWNER_TEXT_MAX);
	char *end = NULL;
	long pid = strtol(owner, &end, 10);
	struct str start;
	bool here;

	if (pid <= 0 || *end != ' ')
		return OWNER_GONE;
	start.s = ++end;
	start.len = strcspn(end, " ");
	add_place(&place);
	here = start.s[start.len] && !strcmp(start.s + start.len + 1, buf_cstr(&place));
	buf_release(&place);
	if (!here)
		return OWNER_ELSEWHERE;
	if ((kill((pid_t)pid, 0) != 0 && errno != EPERM) || !same_start(start, pid))
		return OWNER_GONE;
	return pid == (long)getpid() ? OWNER_SELF : OWNER_LIVES;
}
