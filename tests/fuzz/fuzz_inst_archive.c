/*
 * An archive, unpacked into a folder of the machine's memory: whatever is in it,
 * nothing is made beside that folder, and what is refused leaves nothing. The first
 * byte says which kind it is.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inst_archive.h"
#include "weir/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
make_top(void)
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	char *top = xasprintf("%s/weir-fuzz-XXXXXX", base);

	if (!mkdtemp(top))
		abort();
	return top;
}

static size_t
count(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	if (!d)
		abort();
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a-1-0.conda", "a-1-0.tar.bz2",
		"a-1-py3-none-any.whl" };
	static const struct inst_limits limits = { .members = 100,
		.file = 1 << 20,
		.tree = 4 << 20,
		.ratio = 100,
		.free_bytes = 1 << 20 };
	struct weir_err err = { 0 };
	char *top, *path, *into;
	int fd;

	if (size == 0)
		return 0;
	top = make_top();
	path = xasprintf("%s/archive", top);
	into = xasprintf("%s/into", top);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
		abort();
	close(fd);
	if (inst_archive_unpack(path, names[data[0] % 3], into, &limits, &err)) {
		if (!*err.text || count(top) != 1)
			abort();
	} else if (count(top) != 2) {
		abort();
	}
	if (inst_tree_remove(top, NULL))
		abort();
	free(path);
	free(into);
	free(top);
	return 0;
}
