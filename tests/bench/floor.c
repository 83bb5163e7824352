/*
 * A list in curses with nothing behind it: what a menu's key costs at the least. The
 * lines of a file, a cursor that j and k move, q leaves.
 *
 * Usage: floor [-2] FILE
 *
 * After each key all lines are added anew, as such programs do; -2: only the two that
 * changed.
 */
#include <curses.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_READ = 100000, LINE_LEN = 512 };

struct floor {
	char (*text)[LINE_LEN];
	int n, top, at;
	bool two;
};

static bool
read_lines(struct floor *f, const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file)
		return false;
	f->text = calloc(LINES_READ, LINE_LEN);
	while (f->text && f->n < LINES_READ && fgets(f->text[f->n], LINE_LEN, file)) {
		f->text[f->n][strcspn(f->text[f->n], "\n")] = '\0';
		f->n++;
	}
	fclose(file);
	return f->n > 0;
}

static void
draw_line(const struct floor *f, int i)
{
	move(i - f->top, 0);
	clrtoeol();
	if (i == f->at)
		attron(A_REVERSE);
	addnstr(f->text[i], COLS - 1);
	attroff(A_REVERSE);
}

static void
draw_all(const struct floor *f)
{
	for (int i = f->top; i < f->n && i < f->top + LINES; i++)
		draw_line(f, i);
}

static void
go(struct floor *f, int to)
{
	int old = f->at;

	if (to < 0 || to >= f->n)
		return;
	f->at = to;
	if (f->two && to >= f->top && to < f->top + LINES) {
		draw_line(f, old);
		draw_line(f, to);
		return;
	}
	if (to < f->top)
		f->top = to;
	else if (to >= f->top + LINES)
		f->top = to - LINES + 1;
	draw_all(f);
}

int
main(int argc, char **argv)
{
	struct floor f = { 0 };
	int key;

	setlocale(LC_ALL, "");
	f.two = argc == 3 && strcmp(argv[1], "-2") == 0;
	if (argc != 2 + f.two || !read_lines(&f, argv[argc - 1])) {
		fprintf(stderr, "usage: floor [-2] FILE\n");
		return 2;
	}
	initscr();
	cbreak();
	noecho();
	curs_set(0);
	draw_all(&f);
	refresh();
	while ((key = getch()) != 'q') {
		if (key == 'j' || key == 'k')
			go(&f, f.at + (key == 'j' ? 1 : -1));
		refresh();
	}
	endwin();
	free(f.text);
	return 0;
}
