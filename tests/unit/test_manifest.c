/* manifest*.c: prefect.yaml as Prefect reads it, without a Python. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include <weir/manifest.h>
#include <weir/mem.h>

struct place {
	char folder[64];
};

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
set_up(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));
	const char *tmp = getenv("TMPDIR");

	snprintf(p->folder, sizeof(p->folder), "%.40s/weirXXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(p->folder) || chdir(p->folder))
		return -1;
	*state = p;
	unsetenv("PREFECT_DEFAULT_WORK_POOL_NAME");
	unsetenv("PREFECT_DEPLOYMENTS_DEFAULT_WORK_POOL_NAME");
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;

	unlink("prefect.yaml");
	unlink("schema.json");
	unlink("schema.yaml");
	unlink("flow.py");
	if (chdir("/") || rmdir(p->folder))
		return -1;
	free(p);
	return 0;
}

static enum weir_rc
look_up(void *arg, const char *what, const char *name, struct buf *out,
	struct weir_err *err)
{
	(void)arg;
	if (strcmp(what, "variables") == 0 && strcmp(name, "limit") == 0)
		buf_adds(out, "7");
	else if (strcmp(what, "variables") == 0 && strcmp(name, "names") == 0)
		buf_adds(out, "[\"a\",\"b\"]");
	else if (strcmp(what, "blocks") == 0 && strcmp(name, "secret/token") == 0)
		buf_adds(out, "\"s3\"");
	else
		return weir_fail(err, WEIR_ENOTFOUND, "no %s %s", what, name);
	return WEIR_OK;
}

static const struct weir_manifest_opts plain = { .schema = WEIR_SCHEMA_NONE,
	.lookup = look_up };

static struct weir_manifest *
read_good(const struct weir_manifest_opts *o, const char *text)
{
	struct weir_manifest *m = NULL;
	struct weir_err err = { 0 };

	write_file("prefect.yaml", text);
	if (weir_manifest_read(o, &m, &err))
		fail_msg("%s", err.text);
	return m;
}

static void
expect_wrong_with(
	const struct weir_manifest_opts *o, const char *text, const char *want)
{
	struct weir_manifest *m = NULL;
	struct weir_err err = { 0 };

	write_file("prefect.yaml", text);
	if (!weir_manifest_read(o, &m, &err)) {
		weir_manifest_free(m);
		fail_msg("read: %s", text);
	}
	if (strncmp(err.text, want, strlen(want)) != 0)
		fail_msg("%s\nis not: %s\nfor: %s", err.text, want, text);
}

static void
expect_wrong(const char *text, const char *want)
{
	expect_wrong_with(&plain, text, want);
}

/* A deployment that is right but for what follows. */
#define ENTRY                                                                          \
	"deployments:\n- name: d\n  entrypoint: flow.py:f\n  flow_name: f\n"           \
	"  work_pool: {name: p}\n  "

static void
entry_wrong(const char *line, const char *want)
{
	char *text = xasprintf(ENTRY "%s\n", line);

	expect_wrong(text, want);
	free(text);
}

/* A member of what is stated (or guessed) about the only deployment. */
static void
expect_member(bool stated, const char *text, const char *key, const char *want)
{
	struct weir_manifest *m = read_good(&plain, text);
	struct str s = stated ? m->v[0].stated : m->v[0].guessed;
	json_t *tree = json_loadb(s.s, s.len, 0, NULL);
	char *got =
		json_dumps(json_object_get(tree, key), JSON_COMPACT | JSON_ENCODE_ANY);

	if (!got ? *want : strcmp(got, want) != 0)
		fail_msg("%s: %s\nis not: %s\nfor: %s", key, got, want, text);
	free(got);
	json_decref(tree);
	weir_manifest_free(m);
}

static void
entry_states(const char *line, const char *key, const char *want)
{
	char *text = xasprintf(ENTRY "%s\n", line);

	expect_member(true, text, key, want);
	free(text);
}

static void
entry_guesses(const char *line, const char *key, const char *want)
{
	char *text = xasprintf(ENTRY "%s\n", line);

	expect_member(false, text, key, want);
	free(text);
}

/* ---- */

static void
test_entry(void **state)
{
	struct weir_manifest *m;

	(void)state;
	m = read_good(&plain,
		"name: farm\n" ENTRY "version: '1'\n  description: x\n"
		"  paused: yes\n  parameters: {a: 1}\n  tags: [a, 2, ' ']\n");
	assert_int_equal(m->n, 1);
	assert_string_equal(m->name, "farm");
	assert_string_equal(m->v[0].name, "d");
	assert_string_equal(m->v[0].flow_name, "f");
	assert_string_equal(m->v[0].entrypoint, "flow.py:f");
	assert_int_equal(m->v[0].place.line, 3);
	assert_string_equal(m->v[0].stated.s,
		"{\"version\":\"1\",\"description\":\"x\",\"tags\":[\"a\",\"2\"],"
		"\"paused\":true,\"concurrency_limit\":null,"
		"\"concurrency_options\":null,\"entrypoint\":\"flow.py:f\","
		"\"work_pool_name\":\"p\",\"work_queue_name\":null,"
		"\"job_variables\":{},"
		"\"parameters\":{\"a\":1},\"parameter_openapi_schema\":"
		"{\"type\":\"object\",\"properties\":{}},"
		"\"enforce_parameter_schema\":false}");
	assert_string_equal(m->v[0].triggers.s, "");
	assert_int_equal(m->n_notes, 0);
	weir_manifest_free(m);
	entry_guesses("tags: []", "paused", "false");
	entry_guesses("tags: []", "path", "null");
	entry_guesses("tags: []", "schedules", "[]");
}

static void
test_shape(void **state)
{
	(void)state;
	expect_wrong("- 1", "prefect.yaml: the file holds a list");
	expect_wrong("", "prefect.yaml: the file holds nothing");
	expect_wrong(
		"deployments:\n", "prefect.yaml:1:13: deployments: must be a list");
	expect_wrong("name: 1\n",
		"prefect.yaml:1:7: name: must be text, this is a number: quote it, "
		"\"1\"");
	expect_wrong("deployments:\n- 1\n",
		"prefect.yaml:2:3: deployments[0]: must be a mapping");
	expect_wrong("deployments:\n- tags: []\n",
		"prefect.yaml:2:3: deployments[0]: a name is needed");
	expect_wrong("deployments:\n- name: a/b\n",
		"prefect.yaml:2:9: deployments[0].name: a name cannot have a /");
	expect_wrong("deployments:\n- name: a\n",
		"prefect.yaml:2:3: deployments[0]: an entrypoint is needed");
	expect_wrong("deployments:\n- {name: a, entrypoint: x:f, flow_name: f}\n",
		"prefect.yaml:2:3: deployments[0].work_pool: a work pool is needed");
	entry_wrong("version: 1.0",
		"prefect.yaml:6:12: deployments[0].version: must be text, this is a "
		"number: quote it, \"1.0\"");
	entry_wrong("paused: maybe",
		"prefect.yaml:6:11: deployments[0].paused: must be true or false");
	entry_wrong("parameters:",
		"prefect.yaml:6:14: deployments[0].parameters: must be a mapping, not "
		"empty: leave it out");
	entry_wrong("parameters: {1: a}",
		"prefect.yaml:6:16: deployments[0].parameters.1: names must be text");
	entry_wrong("parameters: {a: [.inf]}",
		"prefect.yaml:6:20: deployments[0].parameters.a[0]: .inf cannot be "
		"sent");
	entry_wrong("tags: abc",
		"prefect.yaml:6:9: deployments[0].tags: must be a list: Prefect takes");
	entry_wrong("sla: [{}]", "prefect.yaml:6:8: deployments[0].sla: only Prefect");
	entry_wrong("version_type: git",
		"prefect.yaml:6:17: deployments[0].version_type: not a type");
}

static void
test_unknown(void **state)
{
	struct weir_manifest *m;

	(void)state;
	m = read_good(&plain, "definitions: {a: 1}\n" ENTRY "tag: [a]\n");
	assert_int_equal(m->n_notes, 1);
	assert_int_equal(m->notes[0].place.line, 7);
	assert_string_equal(
		m->notes[0].text, "deployments[0].tag: unknown, ignored (tags?)");
	weir_manifest_free(m);
}

static void
test_templates(void **state)
{
	struct weir_manifest *m;

	(void)state;
	setenv("WEIR_T", "x", 1);
	unsetenv("WEIR_U");
	entry_states("parameters: {a: '{{ $WEIR_T }}', b: '{{$WEIR_T}}-{{ $WEIR_T }}'}",
		"parameters", "{\"a\":\"x\",\"b\":\"x-x\"}");
	entry_states("parameters: {a: '{{ $WEIR_U }}', b: '{{ WEIR_T }}'}",
		"parameters", "{\"a\":\"\",\"b\":\"x\"}");
	entry_states("parameters: {a: '{{ step.out }}', b: 'i{{ step.out }}'}",
		"parameters", "{\"b\":\"i\"}");
	entry_states("parameters: {l: ['{{ no }}', 1], c: '{{ ctx.a }}{{{ b c }}'}",
		"parameters", "{\"l\":[1],\"c\":\"{{ ctx.a }}{{{ b c }}\"}");
	entry_states("parameters: {n: '{{ prefect.variables.limit }}', "
		     "t: 'is {{ prefect.variables.limit }}', "
		     "g: '{{ prefect.variables.gone }}'}",
		"parameters", "{\"n\":7,\"t\":\"is 7\",\"g\":\"\"}");
	entry_states("tags: '{{ prefect.variables.names }}'", "tags", "[\"a\",\"b\"]");
	entry_states("parameters: {s: 'a {{ prefect.blocks.secret.token }}'}",
		"parameters", "{\"s\":\"a s3\"}");
	entry_states("concurrency_limit: 3", "concurrency_limit", "3");
	entry_wrong("parameters: {s: '{{ prefect.blocks.secret.no }}'}",
		"prefect.yaml:6:15: deployments[0].parameters: no block secret.no");
	entry_wrong("parameters: {s: 'a{{ prefect.variables.names }}'}",
		"prefect.yaml:6:15: deployments[0].parameters: {{ prefect.variables."
		"names }} is a list");
	m = read_good(&plain, ENTRY "parameters: {a: '{{ $WEIR_U }}'}\n");
	assert_int_equal(m->n_notes, 1);
	weir_manifest_free(m);
	unsetenv("WEIR_T");
}

static void
test_steps(void **state)
{
	(void)state;
	entry_states("pull:\n  - prefect.deployments.steps.git_clone: {repository: r, "
		     "access_token: '{{ prefect.blocks.secret.token }}'}",
		"pull_steps",
		"[{\"prefect.deployments.steps.git_clone\":{\"repository\":\"r\","
		"\"access_token\":\"{{ prefect.blocks.secret.token }}\"}}]");
	entry_states("pull: {a.b: {c: '{{ kept }}'}}", "pull_steps",
		"[{\"a.b\":{\"c\":\"{{ kept }}\"}}]");
	entry_states("pull: []", "pull_steps", "[]");
	entry_states("pull:\n", "pull_steps", "");
	expect_member(true, "pull: []\n" ENTRY, "pull_steps", "[]");
	expect_member(true, "pull: [{a: {}}]\n" ENTRY "pull: null\n", "pull_steps",
		"[{\"a\":{}}]");
	expect_member(false,
		"deployments:\n- {name: d, entrypoint: flow.py:f, flow_name: f, "
		"work_pool: {name: p, job_variables: {image: i}}}\n",
		"pull_steps",
		"[{\"prefect.deployments.steps.set_working_directory\":"
		"{\"directory\":\"/opt/prefect\"}}]");
	entry_states("build: null", "pull_steps", "");
	entry_wrong("build: [{a.b: {}}]",
		"prefect.yaml:6:12: deployments[0].build[0].a.b: a step that");
	expect_wrong(
		"build: {a.b: {}}\n" ENTRY, "prefect.yaml:1:9: build.a.b: a step that");
	expect_member(true, "build: {a.b: {}}\n" ENTRY "build: null\n", "tags", "[]");
	expect_wrong("push: {a.b: {}}\n" ENTRY "push: []\n",
		"prefect.yaml:1:8: push.a.b: a step that");
}

static void
test_schedules(void **state)
{
	(void)state;
	entry_states("schedules: [{cron: '0 4 * * *', timezone: UTC, slug: s, "
		     "active: 'no', parameters: {a: 1}, day_or: false}]",
		"schedules",
		"[{\"schedule\":{\"cron\":\"0 4 * * *\",\"timezone\":\"UTC\","
		"\"day_or\":false},\"active\":false,\"parameters\":{\"a\":1},"
		"\"slug\":\"s\"}]");
	entry_states("schedules: [{interval: 60}, {interval: P1DT2H, anchor_date: "
		     "'2024-01-02T03:04:05+02:00'}]",
		"schedules",
		"[{\"schedule\":{\"interval\":60.0}},{\"schedule\":{\"interval\":"
		"93600.0,\"anchor_date\":\"2024-01-02T03:04:05+02:00\"}}]");
	entry_states("schedule: {interval: 1:30, anchor_date: 2024-01-02}", "schedules",
		"[{\"schedule\":{\"interval\":90.0,"
		"\"anchor_date\":\"2024-01-02T00:00:00Z\"}}]");
	entry_states("schedules: [{rrule: 'FREQ=DAILY;COUNT=3', replaces: o}]",
		"schedules",
		"[{\"schedule\":{\"rrule\":\"FREQ=DAILY;COUNT=3\","
		"\"timezone\":\"UTC\"},\"replaces\":\"o\"}]");
	entry_states("schedule: {}", "schedules", "[]");
	entry_states("schedules: []", "schedules", "[]");
	entry_wrong("schedules: [{cron: '61 * * * *'}]",
		"prefect.yaml:6:22: deployments[0].schedules[0].cron: minute cannot be "
		"61");
	entry_wrong("schedules: [{cron: a, interval: 1}]",
		"prefect.yaml:6:15: deployments[0].schedules[0]: needs exactly one");
	entry_wrong("schedules: [{cron: '* * * * *', max_scheduled_runs: 2}]",
		"prefect.yaml:6:35: deployments[0].schedules[0].max_scheduled_runs: ");
	entry_wrong("schedules: [{cron: '* * * * *', timezone: Mars/X}]",
		"prefect.yaml:6:45: deployments[0].schedules[0].timezone: Mars/X is");
	entry_wrong("schedules: [{interval: 0}]",
		"prefect.yaml:6:26: deployments[0].schedules[0].interval: must be");
	entry_wrong("schedules: [{interval: abc}]",
		"prefect.yaml:6:26: deployments[0].schedules[0].interval: abc is no");
	entry_wrong("schedules: [{rrule: 'FREQ=NEVER'}]",
		"prefect.yaml:6:23: deployments[0].schedules[0].rrule: FREQ cannot be");
	entry_wrong("schedules: [{}]",
		"prefect.yaml:6:15: deployments[0].schedules[0]: is empty");
	entry_wrong("schedule: {cron: '* * * * *'}\n  schedules: []",
		"prefect.yaml:6:13: deployments[0].schedule: schedule and schedules");
	entry_wrong("schedules: [{interval: 1, slug: s, anchor_date: 2024-01-02}]",
		"prefect.yaml:6:51: deployments[0].schedules[0].anchor_date: must be "
		"text beside slug");
	entry_wrong("schedules: [{interval: 1, slug: s}, {interval: 2, slug: s}]",
		"prefect.yaml:6:14: deployments[0].schedules: the slug s is there "
		"twice");
}

static void
test_concurrency(void **state)
{
	const char *options = "{\"collision_strategy\":\"CANCEL_NEW\","
			      "\"grace_period_seconds\":60}";

	(void)state;
	entry_states("concurrency_limit: {limit: 3, collision_strategy: CANCEL_NEW, "
		     "grace_period_seconds: 60}",
		"concurrency_options", options);
	entry_wrong("concurrency_limit: {limit: 3}",
		"prefect.yaml:6:22: deployments[0].concurrency_limit."
		"collision_strategy: must be ENQUEUE or CANCEL_NEW");
	entry_wrong("concurrency_limit: 0",
		"prefect.yaml:6:22: deployments[0].concurrency_limit: must be a whole");
	entry_wrong("concurrency_limit: {limit: 1, collision_strategy: ENQUEUE, "
		    "grace_period_seconds: 5}",
		"prefect.yaml:6:84: deployments[0].concurrency_limit."
		"grace_period_seconds: must be from 60");
}

static void
test_triggers(void **state)
{
	struct weir_manifest *m;

	(void)state;
	m = read_good(&plain,
		ENTRY "triggers: [{match: {a: b}, expect: [c, c], within: PT1M, "
		      "parameters: {x: '{{ event.y }}'}}]\n");
	assert_string_equal(m->v[0].triggers.s,
		"[{\"name\":\"d__automation_1\",\"description\":\"\","
		"\"enabled\":true,\"tags\":[],\"trigger\":{\"type\":\"event\","
		"\"match\":{\"a\":\"b\"},\"match_related\":{},\"after\":[],"
		"\"expect\":[\"c\"],\"for_each\":[],\"posture\":\"Reactive\","
		"\"threshold\":1,\"within\":60.0},\"actions\":[{\"type\":"
		"\"run-deployment\",\"source\":\"selected\",\"parameters\":"
		"{\"x\":\"{{ event.y }}\"},\"job_variables\":null,"
		"\"schedule_after\":0.0}],\"actions_on_trigger\":[],"
		"\"actions_on_resolve\":[]}]");
	weir_manifest_free(m);
	entry_wrong("triggers: [{expect: a}]",
		"prefect.yaml:6:23: deployments[0].triggers[0].expect: must be a list");
	entry_wrong("triggers: [{posture: Proactive, within: 5}]",
		"prefect.yaml:6:43: deployments[0].triggers[0].within: must be at");
	entry_wrong("triggers: [{type: compound, require: 2, triggers: [{}]}]",
		"prefect.yaml:6:40: deployments[0].triggers[0].require: must be any");
	entry_wrong("triggers: [{posture: Metric, metric: {}}]",
		"prefect.yaml:6:14: deployments[0].triggers[0]: only Prefect Cloud");
	entry_wrong("triggers: [{type: x}]",
		"prefect.yaml:6:21: deployments[0].triggers[0].type: must be event");
}

/* DESIGN: a deployment that runs a command has no entrypoint. */
static void
test_command(void **state)
{
	struct weir_manifest_opts o = plain;
	struct weir_manifest *m;

	(void)state;
	o.schema = WEIR_SCHEMA_STATIC;
	write_file("schema.json",
		"{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/d/a\"}}}");
	write_file("schema.yaml", "type: object\nproperties: {a: {type: string}}\n");
	m = read_good(&o, "deployments:\n- name: d\n  flow_name: F x\n  work_pool:\n"
			  "    name: p\n    job_variables: {command: [make, all]}\n"
			  "  parameter_openapi_schema: schema.json\n");
	assert_null(m->v[0].entrypoint);
	assert_string_equal(m->v[0].flow_name, "F x");
	assert_non_null(strstr(m->v[0].stated.s, "{\"$ref\":\"#/d/a\"}"));
	assert_non_null(strstr(m->v[0].guessed.s, "\"pull_steps\":[]"));
	weir_manifest_free(m);
	m = read_good(&o,
		"deployments:\n- name: d\n  flow_name: f\n  work_pool: {name: p, "
		"job_variables: {command: a b}}\n"
		"  parameter_openapi_schema: schema.yaml\n");
	assert_non_null(strstr(m->v[0].stated.s, "{\"a\":{\"type\":\"string\"}}"));
	weir_manifest_free(m);
	/* what a job refers to is looked up by the worker */
	setenv("WEIR_T", "x", 1);
	expect_member(true,
		"deployments:\n- name: d\n  flow_name: f\n  work_pool: {name: p, "
		"job_variables: {command: 'a {{ prefect.blocks.secret.no }}', "
		"env: {A: '{{ prefect.variables.limit }}', B: '{{ $WEIR_T }}'}}}\n",
		"job_variables",
		"{\"command\":\"a {{ prefect.blocks.secret.no }}\",\"env\":"
		"{\"A\":\"{{ prefect.variables.limit }}\",\"B\":\"x\"}}");
	unsetenv("WEIR_T");
	expect_wrong_with(&o,
		"deployments:\n- name: d\n  flow_name: f\n  work_pool: {name: p, "
		"job_variables: {command: {}}}\n",
		"prefect.yaml:4:49: deployments[0].work_pool.job_variables.command: "
		"must");
	expect_wrong_with(&o,
		"deployments:\n- name: d\n  flow_name: f\n"
		"  work_pool: {name: p, job_variables: {command: a}}\n"
		"  parameter_openapi_schema: {properties: {a: {$ref: x}}}\n",
		"prefect.yaml:5:29: deployments[0].parameter_openapi_schema: $ref");
	expect_wrong_with(&o,
		"deployments:\n- name: d\n  flow_name: f\n"
		"  work_pool: {name: p, job_variables: {command: a}}\n"
		"  parameter_openapi_schema: none.json\n",
		"prefect.yaml:5:29: ");
}

static void
test_old_server(void **state)
{
	struct weir_manifest_opts o = plain;

	(void)state;
	o.old_server = true;
	expect_wrong_with(&o, ENTRY "concurrency_limit: 1\n",
		"prefect.yaml:6:22: deployments[0].concurrency_limit: a server");
	expect_wrong_with(&o, ENTRY "schedules: [{interval: 1, slug: x}]\n",
		"prefect.yaml:6:35: deployments[0].schedules[0].slug: a server");
}

/* Without Python: what the source says is stated if it is certain. */
static void
test_static(void **state)
{
	const char *text = "deployments:\n- name: d\n  entrypoint: flow.py:my_build\n"
			   "  work_pool: {name: p}\n";
	struct weir_manifest_opts o = plain;
	struct weir_manifest *m;

	(void)state;
	o.schema = WEIR_SCHEMA_STATIC;
	write_file("flow.py",
		"from prefect import flow\n@flow\ndef my_build(n: int = 3):\n"
		"    \"\"\"Builds.\"\"\"\n");
	m = read_good(&o, text);
	assert_string_equal(m->v[0].flow_name, "my-build");
	assert_non_null(strstr(m->v[0].stated.s,
		"\"parameter_openapi_schema\":{\"title\":\"Parameters\",\"type\":"
		"\"object\",\"properties\":{\"n\":{\"position\":0,\"title\":\"n\","
		"\"type\":\"integer\",\"default\":3}}},"
		"\"enforce_parameter_schema\":true"));
	assert_non_null(strstr(m->v[0].guessed.s, "\"description\":\"Builds.\""));
	/* md5sum flow.py */
	assert_non_null(strstr(
		m->v[0].guessed.s, "\"version\":\"2eda8934d8ebf44cbaa3cd97a677c2a6\""));
	weir_manifest_free(m);
	write_file("flow.py", "from prefect import flow\nfrom x import Mine\n@flow\n"
			      "def my_build(m: Mine): pass\n");
	m = read_good(&o, text);
	assert_null(strstr(m->v[0].stated.s, "parameter_openapi_schema"));
	assert_non_null(strstr(m->v[0].guessed.s, "\"m\":{\"position\":0"));
	assert_int_equal(m->n_notes, 1);
	weir_manifest_free(m);
	write_file("flow.py", "def my_build(m): pass\n");
	expect_wrong_with(&o, text,
		"prefect.yaml:3:15: deployments[0].entrypoint: the name of the flow");
	unlink("flow.py");
	expect_wrong_with(&o, text,
		"prefect.yaml:3:15: deployments[0].entrypoint: flow.py: No such file");
}

#define TWO                                                                            \
	"deployments:\n"                                                               \
	"- {name: alpha, entrypoint: a.py:f, flow_name: f, work_pool: {name: p}}\n"    \
	"- {name: beta, entrypoint: a.py:f, flow_name: g, work_pool: {name: p}}\n"

static void
test_names(void **state)
{
	const char *const by_glob[] = { "al*" }, *const by_flow[] = { "g/*" };
	const char *const none[] = { "bet" };
	struct weir_manifest_opts o = plain;
	struct weir_manifest *m;

	(void)state;
	o.n_names = 1;
	o.names = by_glob;
	m = read_good(&o, TWO);
	assert_int_equal(m->n, 1);
	assert_string_equal(m->v[0].name, "alpha");
	weir_manifest_free(m);
	o.names = by_flow;
	m = read_good(&o, TWO);
	assert_int_equal(m->n, 1);
	assert_string_equal(m->v[0].name, "beta");
	weir_manifest_free(m);
	o.names = none;
	expect_wrong_with(&o, TWO, "prefect.yaml: no deployment bet");
	expect_wrong(TWO "- {name: beta, entrypoint: a.py:f, flow_name: g, "
			 "work_pool: {name: p}}\n",
		"prefect.yaml:4:3: deployments[2]: g/beta is also at line 3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_schedules),
		cmocka_unit_test(test_concurrency),
		cmocka_unit_test(test_triggers),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_old_server),
		cmocka_unit_test(test_static),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
