#include "interrupt.h"

#include <signal.h>
#include <unistd.h>

/* The handler's way to what is blocking; set once, before the handler is. */
static struct ctx *volatile interrupted;
static volatile sig_atomic_t interrupts;

static void
on_sigint(int sig)
{
	struct ctx *ctx = interrupted;

	(void)sig;
	interrupts = 1;
	if (ctx && ctx->session && !ctx->reading)
		weir_session_interrupt(ctx->session);
	else
		_exit(130);
}

void
interrupt_init(struct ctx *ctx)
{
	struct sigaction sa = { .sa_handler = on_sigint, .sa_flags = SA_RESETHAND };

	interrupted = ctx;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sa = (struct sigaction){ .sa_handler = SIG_IGN };
	sigaction(SIGPIPE, &sa, NULL);
}

bool
interrupt_release(void)
{
	signal(SIGINT, SIG_DFL);
	return interrupts;
}

bool
interrupt_came(void)
{
	return interrupts;
}
