/*
 * Runs what was found once through a fuzz target, without a fuzzer: every file of the
 * folders that are named, and each of them cut short. Speaks TAP.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/mem.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20, CUTS = 16 };

/* The bytes of a file; exits when it cannot be read. */
static uint8_t *
read_file(const char *path, size_t *ret_size)
{
	uint8_t *data = xmalloc(INPUT_MAX);
	FILE *f = fopen(path, "rb");

	if (!f) {
		printf("Bail out! %s cannot be read\n", path);
		exit(1);
	}
	*ret_size = fread(data, 1, INPUT_MAX, f);
	fclose(f);
	return data;
}

/* Give the target size bytes at an address where one more byte is not ours. */
static void
feed(const uint8_t *data, size_t size)
{
	uint8_t *exact = xmemdup(data, size);

	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static void
replay_file(const char *path)
{
	size_t size;
	uint8_t *data = read_file(path, &size);

	feed(data, size);
	for (size_t i = 0; i < CUTS && i < size; i++)
		feed(data, size * i / CUTS);
	free(data);
}

int
main(int argc, char **argv)
{
	struct dirent *entry;
	char *path;
	DIR *dir;
	int n = 0;

	for (int i = 1; i < argc; i++) {
		dir = opendir(argv[i]);
		if (!dir) {
			printf("not ok - no folder %s\n", argv[i]);
			return 1;
		}
		while ((entry = readdir(dir))) {
			if (entry->d_name[0] == '.')
				continue;
			path = xasprintf("%s/%s", argv[i], entry->d_name);
			printf("# %s\n", path);
			fflush(stdout); /* names the file that a crash is about */
			replay_file(path);
			printf("ok %d - %s\n", ++n, entry->d_name);
			free(path);
		}
		closedir(dir);
	}
	printf("1..%d\n", n);
	return 0;
}
