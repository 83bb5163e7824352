/*
 * What was entered at prompts, kept from one use of weir to the next: a text of lines
 * for each history, in the state store.
 */
#ifndef WEIR_TUI_RECALL_H
#define WEIR_TUI_RECALL_H

struct app;
struct prompt_history;

/* Read it, the first time that it is asked for. */
void recall_read(struct app *a, struct prompt_history *h);
/* Keep it, if it changed. */
void recall_keep(struct app *a, struct prompt_history *h);

#endif
