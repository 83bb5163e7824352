/*
 * What a file registered, one text in the state store: this is how a deployment that
 * the file no longer names is known to be its own. Space "registered", name: path,
 * newline, the file's `name:`.
 */
#include "register.h"

static char *
name_of(const struct weir_manifest *m)
{
	return xasprintf("%s\n%s", m->path, m->name);
}

enum weir_rc
register_known_read(struct weir_session *s, const struct weir_manifest *m,
	json_t **ret_known, struct weir_err *err)
{
	struct weir_statedb *state;
	char *name = name_of(m), *text = NULL;
	json_t *known = NULL;
	enum weir_rc rc = weir_session_state(s, false, &state, err);

	if (!rc)
		rc = weir_statedb_get(state, "registered", name, &text, err);
	if (rc == WEIR_ENOTFOUND)
		rc = WEIR_OK;
	if (text)
		known = json_loads(text, 0, NULL);
	if (!rc)
		*ret_known = known ? known : json_object();
	free(text);
	free(name);
	return rc;
}

enum weir_rc
register_known_write(struct weir_session *s, const struct weir_manifest *m,
	const json_t *known, struct weir_err *err)
{
	struct weir_statedb *state;
	char *name = name_of(m), *text = json_dumps(known, JSON_COMPACT);
	enum weir_rc rc = weir_session_state(s, true, &state, err);

	if (!rc && strlen(text) > WEIR_STATEDB_TEXT_MAX)
		rc = weir_fail(err, WEIR_ETOOBIG,
			"register: %s: too many deployments to remember for --prune",
			m->path);
	if (!rc)
		rc = weir_statedb_put(state, "registered", name,
			json_object_size(known) ? text : NULL, err);
	free(text);
	free(name);
	return rc;
}

const char *
register_known_name(const json_t *entry)
{
	return json_is_string(entry) ? json_string_value(entry)
				     : register_text(entry, "name");
}

const json_t *
register_known_automations(const json_t *entry)
{
	return json_object_get(entry, "automations");
}
