/* Columns of environments; see columns.h, which includes this. */
#ifndef WEIR_CLIENT_COLUMNS_ENV_H
#define WEIR_CLIENT_COLUMNS_ENV_H

/* clang-format off */
#define ENVIRONMENT_BYTES "(SELECT sum(s.size) FROM json_each(r.folders) j" \
	" JOIN env_sizes s ON s.path = j.value)"
#define ENVIRONMENT_RUN(pathspec) "substr(" pathspec ", 1, instr(" pathspec ", '/') +" \
	" instr(substr(" pathspec ", instr(" pathspec ", '/') + 1), '/') - 1)"
#define ENVIRONMENT_STEP(pathspec) "substr(" pathspec ", instr(" pathspec ", '/') + 1 +" \
	" instr(substr(" pathspec ", instr(" pathspec ", '/') + 1), '/'))"
#define ENVIRONMENT_RUNS "SELECT t.name AS name, t.at_us AS at FROM env_uses t" \
	" WHERE t.full_id = r.full_id AND t.req_id = r.req_id AND t.arch = r.arch UNION ALL SELECT " ENVIRONMENT_RUN("s.pathspec") ", 0" \
	" FROM env_steps s WHERE s.full_id = r.full_id AND s.req_id = r.req_id"
/* Runs of a server that name it: by its ids; by a pathspec, unless by those as well. */
#define ENVIRONMENT_NAMED "FROM env_named n WHERE n.env = r.req_id || ':' || r.full_id || ':' || r.arch"
#define ENVIRONMENT_PATHS "SELECT weir_uuid(p.id) AS name, p.at_us AS at FROM env_paths p" \
	" WHERE p.run IN (SELECT t.run FROM env_uses t WHERE t.full_id = r.full_id" \
	" AND t.req_id = r.req_id AND t.arch = r.arch) AND NOT EXISTS(SELECT 1 " ENVIRONMENT_NAMED \
	" AND n.k = p.k) AND p.env = r.req_id || ':' || r.full_id || ':' || r.arch"
#define ENVIRONMENT_TAG(is, word) "CASE WHEN " is " THEN ',\"" word "\"' ELSE '' END"
#define ENVIRONMENT_COLUMNS(X) \
	X("id", NULL, "ID", TEXT, COL_0, 9, 81, "r.req_id || ':' || r.full_id", NULL, \
		"both ids as Metaflow takes them, req_id:full_id", "id:5c1d*") \
	X("short_id", "short", "ENV ID", TEXT, COL_T, 8, 8, "substr(r.full_id, 1, 8)", \
		"r.full_id", "the first digits of full_id", "short_id:5c1d*") \
	X("full_id", "env", "FULL ID", TEXT, COL_O | COL_P, 9, 40, "r.full_id", NULL, \
		"id of the packages; a prefix is enough", "full_id:5c1d") \
	X("is_default", "default", "DEFAULT", BOOL, COL_O | COL_T | COL_P, 7, 7, \
		"r.is_default", NULL, "is it what its request gets now", "default:yes") \
	X("short_req", NULL, "REQUEST", TEXT, COL_W, 8, 8, "substr(r.req_id, 1, 8)", \
		"r.req_id", "the first digits of req_id", "short_req:5c1d*") \
	X("req_id", "req", "REQ ID", TEXT, COL_O | COL_P, 9, 40, "r.req_id", NULL, \
		"id of what was asked for; a prefix is enough", "req:5c1d") \
	X("arch", NULL, "ARCH", TEXT, COL_O | COL_T | COL_P, 9, 13, "r.arch", NULL, \
		"architecture, a conda subdir", "arch:linux-64") \
	X("creator", "by", "RESOLVED BY", TEXT, COL_T, 8, 14, \
		"CASE WHEN instr(r.resolved_by, ' (') > 0 THEN substr(r.resolved_by, 1," \
		" instr(r.resolved_by, ' (') - 1) ELSE r.resolved_by END", NULL, \
		"who resolved it", "by:alice") \
	X("resolved_by", NULL, "RESOLVED BY", TEXT, COL_O | COL_P, 8, 30, \
		"r.resolved_by", NULL, "the same with what it is compatible with", \
		"resolved_by:alice*") \
	X("date", NULL, "RESOLVED ON", TEXT, COL_T, 16, 16, \
		"replace(substr(r.resolved_on, 1, 16), 'T', ' ')", NULL, \
		"when it was resolved, by the clock of who did, to the minute", \
		"date:2026-11*") \
	X("resolved_on", NULL, "RESOLVED ON", TEXT, COL_O | COL_P, 19, 26, \
		"r.resolved_on", NULL, "the same as it is written", \
		"resolved_on:2026-11*") \
	X("resolved", NULL, "AGE", TIME, COL_R, 6, 11, "r.resolved_us", NULL, \
		"the same, taken for a time of this machine", "resolved:>30d") \
	X("n_packages", "pkgs", "PKGS", INT, COL_O | COL_T | COL_P | COL_R, 4, 6, \
		"r.n_conda + r.n_pypi", NULL, "how many packages it has", \
		"n_packages:>100") \
	X("n_conda", NULL, "CONDA", INT, COL_O | COL_R, 4, 6, "r.n_conda", NULL, \
		"how many of conda", "n_conda:>0") \
	X("n_pypi", NULL, "PYPI", INT, COL_O | COL_R, 4, 6, "r.n_pypi", NULL, \
		"how many of Python", "n_pypi:0") \
	X("aliases", "alias", "ALIASES", TAGS, COL_O | COL_T, 7, 0, "r.aliases", NULL, \
		"one of its aliases, name:tag", "alias:team/*") \
	X("pathspecs", "step", "STEPS", TAGS, COL_O | COL_W, 6, 30, "r.steps", NULL, \
		"a step that was resolved to it", "step:TrainFlow/*") \
	X("channels", "channel", "CHANNELS", TAGS, COL_O | COL_W, 8, 24, "r.channels", \
		NULL, "where one of its packages is from; pypi", "channel:conda-forge") \
	X("env_type", "type", "TYPE", TEXT, COL_O | COL_W, 5, 10, "r.env_type", NULL, \
		"conda-only, pypi-only or mixed", "type:mixed") \
	X("resolved_archs", "archs", "ARCHS", TAGS, COL_O, 8, 30, "r.archs", NULL, \
		"architectures that it was resolved for at once", "archs:osx-arm64") \
	X("is_created", "here", "HERE", BOOL, COL_O, 4, 5, \
		"r.folders IS NOT NULL AND r.folders <> '[]'", NULL, \
		"was it created on this machine", "here:yes") \
	X("folders", "folder", "FOLDERS", TAGS, COL_O, 8, 40, "r.folders", NULL, \
		"where it was created on this machine", "folder:*metaflow_*") \
	X("tags", "tag", "TAGS", TAGS, COL_O, 7, 20, "'[' || substr(" \
		ENVIRONMENT_TAG("r.is_default", "default") " || " \
		ENVIRONMENT_TAG("r.folders <> '[]'", "created") " || " \
		ENVIRONMENT_TAG("r.source = 2", "cache-only") " || " \
		ENVIRONMENT_TAG("r.helper", "helper") ", 2) || ']'", NULL, \
		"default, created, cache-only and helper, as they apply", "tags:created") \
	X("n_runs", "runs", "RUNS", INT, COL_O | COL_R, 4, 6, "(SELECT count(DISTINCT" \
		" u.name) FROM (" ENVIRONMENT_RUNS " UNION ALL " ENVIRONMENT_PATHS ") u)" \
		" + (SELECT count(*) " ENVIRONMENT_NAMED ")", NULL, \
		"how many runs used or name it, as far as that is known", "runs:0") \
	X("used_by", "run", "USED BY", TAGS, COL_O, 8, 30, "(SELECT json_group_array(v.name)" \
		" FROM (SELECT u.name FROM (" ENVIRONMENT_RUNS " UNION ALL " ENVIRONMENT_PATHS \
		" UNION ALL SELECT weir_uuid(x.id), x.at_us FROM (SELECT n.id, n.at_us " \
		ENVIRONMENT_NAMED " ORDER BY n.at_us DESC LIMIT 100) x) u GROUP BY u.name" \
		" ORDER BY max(u.at) DESC, u.name DESC LIMIT 100) v)", NULL, \
		"the newest 100 of them: Flow/run, of a server's its id", "run:TrainFlow/*") \
	X("req_steps", NULL, "STEPS OF REQUEST", TAGS, COL_O, 8, 30, \
		"(SELECT json_group_array(u.step) FROM (SELECT t.step AS step FROM env_uses t" \
		" WHERE t.full_id IN (SELECT o.full_id FROM environments o WHERE o.req_id = r.req_id)" \
		" AND t.req_id = r.req_id AND t.step IS NOT NULL UNION SELECT " \
		ENVIRONMENT_STEP("s.pathspec") " FROM env_steps s WHERE s.req_id = r.req_id) u)", \
		NULL, "names of the steps that asked for the same", "req_steps:train") \
	X("req_newest", NULL, "REQUEST", TIME, COL_R, 6, 11, "(SELECT max(o.resolved_us)" \
		" FROM environments o WHERE o.req_id = r.req_id)", NULL, \
		"when the newest of its request was resolved", "req_newest:<30d") \
	X("size", NULL, "BYTES", INT, COL_O | COL_R, 5, 12, ENVIRONMENT_BYTES, NULL, \
		"bytes that its folders take on this machine; measured when it is named", \
		"size:>1000000000") \
	X("disk", NULL, "DISK", TEXT, COL_R, 6, 8, "(SELECT CASE" \
		" WHEN b >= 1e9 THEN printf('%.1f GB', b / 1e9)" \
		" WHEN b >= 1e6 THEN printf('%.0f MB', b / 1e6)" \
		" WHEN b IS NOT NULL THEN printf('%.0f kB', b / 1e3) END" \
		" FROM (SELECT " ENVIRONMENT_BYTES " AS b))", ENVIRONMENT_BYTES, \
		"the same, for people", "disk:*GB") \
	X("is_local", "local", "LOCAL", BOOL, COL_O, 5, 5, "r.source = 1", NULL, \
		"is it in conda_v2.cnd", "local:yes") \
	X("in_cache", "cached", "CACHED", BOOL, COL_O, 6, 6, "r.in_cache", NULL, \
		"is it in the cache, as far as that was looked at", "cached:yes") \
	X("is_helper", "helper", "HELPER", BOOL, COL_O, 6, 6, "r.helper", NULL, \
		"is it one that Metaflow itself builds with", "helper:no") \
	X("deps", "dep", "REQUESTED", TAGS, COL_O, 8, 40, "r.deps", NULL, \
		"one of the packages that were asked for", "dep:conda::python*") \
	X("sources", NULL, "SOURCES", TAGS, COL_O, 8, 40, "r.sources", NULL, \
		"a channel or index that was asked for", "sources:pypi::*") \
	X("extras", NULL, "EXTRAS", TAGS, COL_O, 8, 20, "r.extras", NULL, \
		"an option that was asked for", "extras:*pre*") \
	X("accurate_source", NULL, "ACCURATE", BOOL, COL_O, 8, 8, "r.accurate", NULL, \
		"are its sources what they seem", "accurate_source:yes") \
	X("full_id_unique_keys", NULL, "KEYS", JSON, COL_O, 8, 30, "r.unique_keys", \
		NULL, "what else makes its id, as JSON text", \
		"full_id_unique_keys:*lock*") \
	X("packages", "pkg", "PACKAGES", JSON, COL_O, 8, 60, \
		"(SELECT '[' || group_concat(p.doc, ', ') || ']' FROM json_each(r.packages) j" \
		" CROSS JOIN env_package_docs p WHERE p.k = j.value)", "r.n_conda + r.n_pypi", \
		"a package, and what its version must be", "pkg:openssl<3") \
	X("hash", NULL, "HASH", TEXT, COL_H, 8, 32, "hex(r.hash)", NULL, \
		"of its text", NULL)
/* clang-format on */

#endif
