/*
 * What weir makes of a prefect.yaml, or of a function, as JSON: for comparison with
 * what Prefect makes of it.
 *
 * Usage: manifest FILE auto|python|static|none [PYTHON]
 *        manifest --signature FILE FUNCTION...
 *        manifest --schedules < cCRON or rRRULE, each ended by a NUL
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <weir/manifest.h>
#include <weir/mem.h>

#include "manifest_priv.h"
#include "pysig.h"
#include "schedule_check.h"
#include "schedule_dates.h"

static const char *const ways[] = {
	[WEIR_SCHEMA_AUTO] = "auto",
	[WEIR_SCHEMA_PYTHON] = "python",
	[WEIR_SCHEMA_STATIC] = "static",
	[WEIR_SCHEMA_NONE] = "none",
};

static enum weir_rc
look_up(void *arg, const char *what, const char *name, struct buf *out,
	struct weir_err *err)
{
	json_t *known = arg, *v = json_object_get(known, name);
	char *text;

	(void)what;
	if (!v)
		return weir_fail(err, WEIR_ENOTFOUND, "%s: not known", name);
	text = json_dumps(v, JSON_ENCODE_ANY);
	buf_adds(out, text);
	free(text);
	return WEIR_OK;
}

static json_t *
json_of(struct str text)
{
	return text.len ? json_loadb(text.s, text.len, 0, NULL) : json_null();
}

static void
print(json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	puts(text);
	free(text);
	json_decref(v);
}

static int
print_manifest(const struct weir_manifest_opts *o)
{
	struct weir_manifest *m = NULL;
	struct weir_err err = { 0 };

	if (weir_manifest_read(o, &m, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (size_t i = 0; i < m->n; i++) {
		const struct weir_manifest_entry *e = &m->v[i];

		print(json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", e->name,
			"flow_name", e->flow_name, "stated", json_of(e->stated),
			"guessed", json_of(e->guessed), "triggers",
			json_of(e->triggers)));
	}
	for (size_t i = 0; i < m->n_notes; i++)
		fprintf(stderr, "note: %s\n", m->notes[i].text);
	weir_manifest_free(m);
	return 0;
}

static int
print_signatures(const char *file, char **functions)
{
	struct buf text = BUF_INIT(PYSIG_BYTES_MAX);
	struct arena arena = { 0 };
	struct pysig sig;

	if (manifest_read_file(file, &text, NULL))
		return 1;
	for (; *functions; functions++) {
		if (!pysig_read(buf_str(&text), *functions, &arena, &sig))
			return 1;
		print(json_pack("{s:b, s:b, s:b, s:s?, s:s?, s:s?, s:o?}", "found",
			sig.found, "certain", sig.certain, "complete", sig.complete,
			"name", sig.name, "description", sig.about, "version",
			sig.version, "schema", sig.schema));
	}
	arena_free(&arena);
	buf_release(&text);
	return 0;
}

static int
check_schedules(void)
{
	static char text[1 << 22];
	size_t n = fread(text, 1, sizeof(text) - 1, stdin);
	struct buf why = BUF_INIT(300);
	bool good;

	for (char *p = text; p < text + n; p += strlen(p) + 1) {
		buf_clear(&why);
		good = *p == 'c' ? schedule_check_cron(p + 1, &why)
				 : schedule_check_rrule(p + 1, &why);
		puts(good ? "good" : buf_cstr(&why));
	}
	buf_release(&why);
	return 0;
}

/* {"schedule":..., "from":us, "until":us, "n":N, "enough":N, "enough_us":us} */
static void
print_dates(const char *text)
{
	json_t *ask = json_loads(text, 0, NULL);
	struct schedule_want w = {
		.from_us = json_integer_value(json_object_get(ask, "from")),
		.until_us = json_integer_value(json_object_get(ask, "until")),
		.max = (size_t)json_integer_value(json_object_get(ask, "n")),
		.enough = (size_t)json_integer_value(json_object_get(ask, "enough")),
		.enough_us = json_integer_value(json_object_get(ask, "enough_us")),
	};
	struct schedule_dates *s = NULL;
	struct weir_err err = { 0 };
	int64_t us[SCHEDULE_DATES_MAX];
	size_t n = 0;

	if (schedule_dates_new(json_object_get(ask, "schedule"), &s, &err) ||
		schedule_dates_get(s, &w, us, &n, &err))
		printf("%s", err.text);
	else
		for (size_t i = 0; i < n; i++)
			printf("%s%lld", i ? " " : "", (long long)us[i]);
	putchar('\n');
	schedule_dates_free(s);
	json_decref(ask);
}

static int
find_dates(void)
{
	static char text[1 << 22];
	size_t n = fread(text, 1, sizeof(text) - 1, stdin);

	for (char *p = text; p < text + n; p += strlen(p) + 1)
		print_dates(p);
	return 0;
}

int
main(int argc, char **argv)
{
	struct weir_manifest_opts o = { .lookup = look_up };
	const char *known = getenv("KNOWN");
	int status;

	if (argc > 3 && strcmp(argv[1], "--signature") == 0)
		return print_signatures(argv[2], argv + 3);
	if (argc == 2 && strcmp(argv[1], "--schedules") == 0)
		return check_schedules();
	if (argc == 2 && strcmp(argv[1], "--dates") == 0)
		return find_dates();
	if (argc < 3)
		return 2;
	o.path = argv[1];
	o.python = argv[3];
	o.lookup_arg = json_loads(known ? known : "{}", 0, NULL);
	for (size_t i = 0; i < N_ELEM(ways); i++)
		if (strcmp(argv[2], ways[i]) == 0)
			o.schema = (enum weir_schema_way)i;
	status = print_manifest(&o);
	json_decref(o.lookup_arg);
	return status;
}
