#include "tui.h"

#include "app.h"

enum weir_rc
tui_run(const struct tui_start *start, struct weir_err *err)
{
	return app_run(start, err);
}

size_t
tui_check_keys(const struct weir_config *config, struct buf *out)
{
	const struct weir_entry *rows = NULL;
	struct keymap m;

	keymap_init(&m);
	keymap_read(&m, config, out);
	keymap_release(&m);
	return weir_config_entries(config, "keys", &rows);
}
