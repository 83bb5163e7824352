#include "tui.h"

#include "app.h"

enum weir_rc
tui_run(const struct tui_start *start, struct weir_err *err)
{
	return app_run(start, err);
}
