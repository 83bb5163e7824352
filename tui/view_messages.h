#ifndef WEIR_TUI_VIEW_MESSAGES_H
#define WEIR_TUI_VIEW_MESSAGES_H

struct app;
struct view;

/* What weir said, newest last. */
struct view *view_messages_new(struct app *a);

#endif
