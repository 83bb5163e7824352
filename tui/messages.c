#include "messages.h"

#include <string.h>

#include <weir/mem.h>
#include <weir/time.h>

static struct message *
at(struct messages *m, size_t i)
{
	return &m->ring[(m->first + i) % MESSAGES_MAX];
}

void
messages_add(struct messages *m, bool error, const char *text)
{
	struct message *last = m->n ? at(m, m->n - 1) : NULL;

	m->said++;
	if (last && last->error == error && strcmp(last->text, text) == 0) {
		last->at_us = weir_now_us();
		last->times++;
		return;
	}
	if (m->n == MESSAGES_MAX) {
		free(at(m, 0)->text);
		m->first = (m->first + 1) % MESSAGES_MAX;
		m->n--;
	}
	*at(m, m->n++) = (struct message){ weir_now_us(), 1, error, xstrdup(text) };
}

void
messages_release(struct messages *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(at(m, i)->text);
	*m = (struct messages){ 0 };
}

const struct message *
messages_get(const struct messages *m, size_t i)
{
	return &m->ring[(m->first + i) % MESSAGES_MAX];
}
