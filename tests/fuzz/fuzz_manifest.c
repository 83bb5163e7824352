/* prefect.yaml: any file is read or refused with its name; bodies are JSON. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <unistd.h>

#include <jansson.h>

#include <weir/manifest.h>
#include <weir/mem.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static enum weir_rc
look_up(void *arg, const char *what, const char *name, struct buf *out,
	struct weir_err *err)
{
	(void)arg;
	if (*what == 'b' && strchr(name, '.'))
		return weir_fail(err, WEIR_ENOTFOUND, "no %s", name);
	buf_adds(out, strlen(name) % 2 ? "[1,{\"a\":\"{{ $HOME }}\"}]" : "\"x\"");
	return WEIR_OK;
}

static void
forget(void)
{
	unlink(path);
}

static void
check(struct str text, bool object)
{
	json_t *v = json_loadb(text.s, text.len, 0, NULL);

	if (text.len && (object ? !json_is_object(v) : !json_is_array(v)))
		abort();
	json_decref(v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weir_manifest_opts o = {
		.path = path, .schema = WEIR_SCHEMA_NONE, .lookup = look_up
	};
	struct weir_manifest *m;
	struct weir_err err = { 0 };
	FILE *f;

	if (!*path) {
		snprintf(path, sizeof(path), "/tmp/weir-fuzz-%ld.yaml", (long)getpid());
		atexit(forget);
	}
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f))
		abort();
	if (weir_manifest_read(&o, &m, &err)) {
		if (!*err.text)
			abort();
		return 0;
	}
	for (size_t i = 0; i < m->n; i++) {
		check(m->v[i].stated, true);
		check(m->v[i].guessed, true);
		check(m->v[i].triggers, false);
	}
	weir_manifest_free(m);
	return 0;
}
