/* Statements about environments; sql.h includes this. */
#ifndef WEIR_CLIENT_SQL_ENV_H
#define WEIR_CLIENT_SQL_ENV_H

/* clang-format off */
#define SQL_ENVS_IS_DEFAULT "EXISTS(SELECT 1 FROM env_defaults d WHERE d.arch = environments.arch" \
	" AND d.req_id = environments.req_id AND d.full_id = environments.full_id)"
#define SQL_ENVS_ALIASES "(SELECT json_group_array(a.shown) FROM (SELECT DISTINCT shown FROM env_aliases" \
	" WHERE full_id = environments.full_id AND req_id = environments.req_id AND kind < 2" \
	" AND arch IN ('', environments.arch) ORDER BY shown) a)"
#define SQL_ENVS_STEPS "(SELECT json_group_array(a.pathspec) FROM (SELECT pathspec FROM" \
	" env_steps WHERE full_id = environments.full_id AND req_id = environments.req_id" \
	" ORDER BY pathspec) a)"
#define SQL_ENVS_FOLDERS "(SELECT json_group_array(a.path) FROM (SELECT path FROM env_folders" \
	" WHERE full_id = environments.full_id AND req_id = environments.req_id" \
	" AND arch = environments.arch ORDER BY path) a)"
#define SQL_ENVS_OTHER(op) "EXISTS(SELECT 1 FROM environments o WHERE o.full_id =" \
	" environments.full_id AND o.req_id = environments.req_id" \
	" AND o.arch = environments.arch AND o.source " op " environments.source)"
#define SQL_ENV_SET(X, NAME, column, value) \
	X(ENV_SET_##NAME, "UPDATE environments SET " column " = " value \
		" WHERE " column " IS NOT " value)

#define SQL_ENV_STATEMENTS(X) \
	X(ENV_SOURCE, "SELECT inode, size, mtime_ns, looked_us FROM env_sources WHERE k = ?1") \
	X(ENV_SOURCE_PUT, "INSERT OR REPLACE INTO env_sources(k, path, inode, size, mtime_ns," \
		" looked_us) VALUES(?1, ?2, ?3, ?4, ?5, ?6)") \
	X(ENV_SOURCE_PATH, "SELECT path FROM env_sources WHERE k = ?1") \
	X(ENV_KEYS, "SELECT k, req_id, full_id, arch, hash FROM environments WHERE source = ?1") \
	X(ENV_PUT, "INSERT INTO environments(source, req_id, full_id, arch, hash, resolved_on," \
		" resolved_by, resolved_us, archs, deps, sources, extras, env_type, accurate," \
		" unique_keys, packages, n_conda, n_pypi, channels, helper) VALUES(?1, ?2, ?3," \
		" ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)" \
		" ON CONFLICT(full_id, req_id, arch, source) DO UPDATE SET hash = ?5," \
		" resolved_on = ?6, resolved_by = ?7, resolved_us = ?8, archs = ?9, deps = ?10," \
		" sources = ?11, extras = ?12, env_type = ?13, accurate = ?14," \
		" unique_keys = ?15, packages = ?16, n_conda = ?17, n_pypi = ?18," \
		" channels = ?19, helper = ?20") \
	X(ENV_DELETE, "DELETE FROM environments WHERE k = ?1") \
	X(ENV_PACKAGES, "SELECT k, packages FROM environments ORDER BY k") \
	X(ENV_PACKAGE_KEYS, "SELECT k, hash FROM env_packages") \
	X(ENV_PACKAGE_ADD, "INSERT INTO env_packages(k, hash, type, name, key, version, build," \
		" channel) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)") \
	X(ENV_DOC_ADD, "INSERT INTO env_package_docs(k, doc) VALUES(?1, ?2)") \
	X(ENV_HOLDERS_PUT, "INSERT INTO env_holders(k, envs) VALUES(?1, ?2)" \
		" ON CONFLICT(k) DO UPDATE SET envs = ?2 WHERE envs IS NOT ?2") \
	X(ENV_HOLDERS_GONE, "DELETE FROM env_holders WHERE k = ?1") \
	X(ENV_PACKAGE_GONE, "DELETE FROM env_packages WHERE k = ?1") \
	X(ENV_DOC_GONE, "DELETE FROM env_package_docs WHERE k = ?1") \
	X(ENV_PACKAGES_ALL, "SELECT p.key, p.type, p.version, p.k FROM env_packages p") \
	X(ENV_HOLDERS, "SELECT envs FROM env_holders WHERE k = ?1") \
	X(ENV_PACKAGES_NAMED, "SELECT key, type, version, k FROM env_packages" \
		" WHERE key = ?1") \
	X(ENV_DEFAULTS_CLEAR, "DELETE FROM env_defaults") \
	X(ENV_DEFAULT_PUT, "INSERT OR REPLACE INTO env_defaults(arch, req_id, full_id)" \
		" VALUES(?1, ?2, ?3)") \
	X(ENV_ALIASES_CLEAR, "DELETE FROM env_aliases WHERE kind >= 0") \
	X(ENV_CACHE_ALIASES_CLEAR, "DELETE FROM env_aliases WHERE kind < 0") \
	X(ENV_CACHE_ALIASES, "SELECT name, req_id, full_id FROM env_aliases WHERE kind < 0" \
		" ORDER BY name, kind, arch") \
	X(ENV_ALIAS_PUT, "INSERT OR REPLACE INTO env_aliases(name, shown, kind, req_id, full_id," \
		" arch) VALUES(?1, ?2, ?3, ?4, ?5, ?6)") \
	X(ENV_ALIAS_GET, "SELECT req_id, full_id FROM env_aliases WHERE name = ?1" \
		" ORDER BY kind DESC LIMIT 1") \
	X(ENV_STEPS_CLEAR, "DELETE FROM env_steps") \
	X(ENV_STEP_PUT, "INSERT OR REPLACE INTO env_steps(pathspec, req_id, full_id)" \
		" VALUES(?1, ?2, ?3)") \
	X(ENV_STEP_GET, "SELECT req_id, full_id FROM env_steps WHERE pathspec = ?1") \
	X(ENV_FOLDERS, "SELECT path, req_id, full_id, arch FROM env_folders ORDER BY path") \
	X(ENV_FOLDERS_CLEAR, "DELETE FROM env_folders") \
	X(ENV_FOLDER_PUT, "INSERT OR REPLACE INTO env_folders(path, req_id, full_id, arch)" \
		" VALUES(?1, ?2, ?3, ?4)") \
	X(ENV_NEEDS_DEFAULTS, "SELECT req_id, full_id, arch FROM env_defaults") \
	X(ENV_NEEDS_ALIASES, "SELECT req_id, full_id, arch, shown FROM env_aliases" \
		" WHERE kind < 2") \
	X(ENV_NEEDS_STEPS, "SELECT req_id, full_id, '', pathspec FROM env_steps") \
	X(ENV_NEEDS_RUNS, "SELECT DISTINCT t.req_id, t.full_id, t.arch, q.name FROM runs q" \
		" JOIN task_envs t ON t.run = q.id WHERE t.full_id IS NOT NULL" \
		" AND max(q.at_us, coalesce(q.end_us, 0)) > ?1") \
	X(ENV_NEEDS_KNOWN, "SELECT req_id, full_id, arch FROM environments") \
	X(ENV_SIZES, "SELECT f.path, s.mark FROM env_folders f LEFT JOIN env_sizes s" \
		" ON s.path = f.path WHERE ?1 IS NULL OR f.full_id = ?1") \
	X(ENV_SIZE_PUT, "INSERT OR REPLACE INTO env_sizes(path, mark, size)" \
		" VALUES(?1, ?2, ?3)") \
	X(ENV_SIZES_GONE, "DELETE FROM env_sizes WHERE path NOT IN" \
		" (SELECT path FROM env_folders)") \
	X(ENV_BY_FULL, "SELECT DISTINCT req_id, full_id FROM environments" \
		" WHERE full_id BETWEEN ?1 AND ?1 || 'g' AND req_id BETWEEN ?2 AND ?2 || 'g'" \
		" ORDER BY full_id, req_id LIMIT ?3") \
	X(ENV_BY_REQ, "SELECT req_id, full_id FROM environments WHERE req_id BETWEEN ?1 AND" \
		" ?1 || 'g' AND (?3 IS NULL OR arch = ?3) GROUP BY req_id, full_id ORDER BY max(is_default) DESC," \
		" max(resolved_us) DESC LIMIT ?2") \
	X(ENV_REQ_ARCHS, "SELECT DISTINCT arch FROM environments WHERE req_id = ?1 ORDER BY arch") \
	X(ENV_ROWS, "SELECT k, source, arch FROM environments WHERE full_id = ?1 AND req_id = ?2" \
		" AND shadow = 0 ORDER BY arch") \
	SQL_ENV_SET(X, DEFAULT, "is_default", SQL_ENVS_IS_DEFAULT) \
	SQL_ENV_SET(X, ALIASES, "aliases", SQL_ENVS_ALIASES) \
	SQL_ENV_SET(X, STEPS, "steps", SQL_ENVS_STEPS) \
	SQL_ENV_SET(X, FOLDERS, "folders", SQL_ENVS_FOLDERS) \
	SQL_ENV_SET(X, SHADOW, "shadow", SQL_ENVS_OTHER("<")) \
	SQL_ENV_SET(X, IN_CACHE, "in_cache", "(source = 2 OR " SQL_ENVS_OTHER(">") ")")
/* clang-format on */

#endif
