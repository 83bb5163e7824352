/* Two threads at both ends of a ring, for SOAK seconds. */
#define _POSIX_C_SOURCE 200809L
#include "ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct ring ring;
static atomic_int stop;

static unsigned char
byte_at(unsigned long i)
{
	return (unsigned char)(i * 2654435761u >> 13);
}

static void *
put(void *arg)
{
	unsigned char b[512];
	unsigned long at = 0;

	while (!atomic_load(&stop)) {
		size_t n = 1 + at % sizeof(b);

		for (size_t i = 0; i < n; i++)
			b[i] = byte_at(at + i);
		n = ring_put(&ring, b, n);
		at += n;
		if (!n)
			sched_yield();
	}
	return arg;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Bytes that came in a second; 0 if one was wrong. */
static unsigned long
get(unsigned long *at)
{
	unsigned char b[300];
	unsigned long from = *at;
	struct timespec nap = { .tv_nsec = 1000000 };
	double end = now() + 1;

	while (now() < end) {
		size_t n = ring_get(&ring, b, sizeof(b));

		for (size_t i = 0; i < n; i++)
			if (b[i] != byte_at((*at)++))
				return 0;
		if (!n)
			nanosleep(&nap, NULL);
	}
	return *at - from;
}

int
main(void)
{
	const char *soak = getenv("SOAK");
	int seconds = soak ? atoi(soak) : 1, failed = 0;
	unsigned long at = 0;
	pthread_t writer;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (pthread_create(&writer, NULL, put, NULL))
		return 1;
	for (int i = 1; i <= seconds && !failed; i++) {
		unsigned long n = get(&at);

		failed = n == 0;
		if (failed)
			printf("error: byte %lu is wrong\n", at);
		else
			printf("soak %d of %d: %lu KiB through the ring\n", i, seconds,
				n / 1024);
	}
	atomic_store(&stop, 1);
	pthread_join(writer, NULL);
	puts(failed ? "ring: FAILED" : "ring: passed");
	return failed;
}
