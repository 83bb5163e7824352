#include "bell.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "weir/id.h"
#include "weir/mem.h"

struct bell {
	int fd;
	char *folder, *name; /* of the socket within it */
};

static char *
folder_of(const char *path)
{
	return xasprintf("%s.bell", path);
}

/*
 * The name of a socket must be short, that of its folder need not be: it is named by
 * way of an open folder. *ret_folder stays open while it is used.
 */
static bool
address_of(const char *folder, const char *name, int *ret_folder,
	struct sockaddr_un *ret_address)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = -1, n;

	n = snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", folder, name);
	if (n >= (int)sizeof(a.sun_path)) {
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		n = snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", fd,
			name);
		if (fd < 0 || n >= (int)sizeof(a.sun_path)) {
			if (fd >= 0) {
				close(fd);
				errno = ENAMETOOLONG;
			}
			return false;
		}
	}
	*ret_folder = fd;
	*ret_address = a;
	return true;
}

static void
shut(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int
make_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (fd < 0)
		return -1;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static enum weir_rc
bind_it(struct bell *b, struct weir_err *err)
{
	struct sockaddr_un a;
	int folder = -1;
	enum weir_rc rc = WEIR_OK;

	b->fd = make_socket();
	if (b->fd < 0 || !address_of(b->folder, b->name, &folder, &a) ||
		bind(b->fd, (const struct sockaddr *)(const void *)&a, sizeof(a)) != 0)
		rc = weir_fail(err, WEIR_EFAIL, "cannot listen in %s: %s", b->folder,
			strerror(errno));
	shut(folder);
	return rc;
}

enum weir_rc
bell_open(const char *path, struct bell **ret_bell, struct weir_err *err)
{
	struct bell *b = xcalloc(1, sizeof(*b));
	struct weir_id id = weir_id_random();
	enum weir_rc rc;

	b->fd = -1;
	b->folder = folder_of(path);
	b->name = xasprintf(
		"%ld-%02x%02x%02x", (long)getpid(), id.b[0], id.b[1], id.b[2]);
	(void)mkdir(b->folder, 0700);
	rc = bind_it(b, err);
	if (rc)
		bell_close(b);
	else
		*ret_bell = b;
	return rc;
}

void
bell_close(struct bell *b)
{
	char *name;

	if (!b)
		return;
	if (b->fd >= 0) {
		name = xasprintf("%s/%s", b->folder, b->name);
		(void)unlink(name);
		free(name);
		close(b->fd);
	}
	free(b->folder);
	free(b->name);
	free(b);
}

int
bell_fd(const struct bell *b)
{
	return b->fd;
}

void
bell_hush(struct bell *b)
{
	char bytes[64];

	while (recv(b->fd, bytes, sizeof(bytes), 0) > 0)
		;
}

/* One that is full has not looked yet: it will. One that is dead is removed. */
static void
ring_one(int from, const char *folder, const char *name)
{
	struct sockaddr_un a;
	int fd = -1;

	if (!address_of(folder, name, &fd, &a))
		return;
	if (sendto(from, "", 1, MSG_DONTWAIT, (const struct sockaddr *)(const void *)&a,
		    sizeof(a)) < 0 &&
		errno == ECONNREFUSED)
		(void)unlink(a.sun_path);
	shut(fd);
}

void
bell_ring(const char *path)
{
	char *folder = folder_of(path);
	DIR *dir = opendir(folder);
	struct dirent *e;
	int from = dir ? make_socket() : -1;
	char own[32];

	snprintf(own, sizeof(own), "%ld-", (long)getpid());
	while (from >= 0 && (e = readdir(dir)))
		if (e->d_name[0] != '.' && strncmp(e->d_name, own, strlen(own)) != 0)
			ring_one(from, folder, e->d_name);
	shut(from);
	if (dir)
		closedir(dir);
	free(folder);
}
