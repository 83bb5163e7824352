#!/usr/bin/env bats
# Named views on the command line: weir -V NAME.
load synced

setup_file()
{
	fake_start --runs 60
	sync_once
}

setup()
{
	synced_world
	mkdir -p "$XDG_CONFIG_HOME/weir"
	cat >"$XDG_CONFIG_HOME/weir/weir.conf" <<-'E'
		[views]
		failures = "weir runs 'state:failed,crashed' --sort name"
		lanes = "pools --queues"
		wrong = "runs stat:failed"
		last = "show @latest"
	E
}

@test "-V: prints what the command prints" {
	weir2 runs --offline state:failed,crashed --sort name
	cp "$T/out" "$T/want"
	[ -s "$T/want" ]
	weir2 -q --offline -V failures
	exits 0
	cmp "$T/want" "$T/out"
	weir2 -q --offline --view=1
	cmp "$T/want" "$T/out"
	weir2 --offline show @latest
	cp "$T/out" "$T/want"
	weir2 -q --offline -V last
	cmp "$T/want" "$T/out"
	on_tty 80x24 "$WEIR" -q --offline -V lanes --no-menu
	grep -q "POOL  *QUEUE" "$T/tty" || die "no table"
}

@test "-V: a wrong line is told, with its number, and the rest works" {
	weir2 --offline -V lanes
	exits 0
	says "weir.conf: line 4: [views] wrong: query: unknown field 'stat'"
	[ "$(wc -l <"$T/err")" = 1 ]
}

@test "-V: an unknown name is a usage error with a suggestion" {
	weir2 -q --offline -V failure
	exits 2
	says "view 'failure': no view is named so"
	says "try: weir -V failures"
	weir2 -q --offline -V 9
	exits 2
	weir2 -q --offline -V lanes runs
	exits 2
	says "one too many"
	rm "$XDG_CONFIG_HOME/weir/weir.conf"
	weir2 --offline -V failures
	exits 2
	says "no views are named"
}

@test "-V: opens the menu with a script, and what is saved there prints" {
	printf 'wait-idle\nkey :\ntext save-view mine\nkey enter\nwait-idle\ndump %s\n' \
		"$T/screen" >"$T/script"
	weir2 -q --offline --script "$T/script" -V failures
	exits 0
	grep -q '1 failures' "$T/screen" || die "no tab"
	weir2 -q --offline -V failures
	cp "$T/out" "$T/want"
	weir2 -q --offline -V mine
	exits 0
	cmp "$T/want" "$T/out"
}

@test "-V: names are completed" {
	weir2 completion values @views
	exits 0
	[ "$(cut -f1 "$T/out" | tr '\n' ' ')" = "failures lanes last " ]
}
