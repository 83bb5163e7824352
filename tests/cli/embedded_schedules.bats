#!/usr/bin/env bats
# Schedules of the embedded store: weir worker makes runs of them.
load helper

setup()
{
	source "$ROOT/tests/lib/env.sh"
	unset PREFECT_API_URL CI
	export WEIR_PROFILE=embedded
	mkdir "$T/project"
	cd "$T/project" || return
	weir2 -q pools create weir
	exits 0
	WORKERS=()
}

teardown()
{
	for pid in "${WORKERS[@]}"; do
		kill -KILL "$pid" && wait "$pid" || true
	done 2>/dev/null
	weir_cleanup
}

# deploy SCHEDULES: t/t, which writes its schedule's word and its date's second.
deploy()
{
	cat >prefect.yaml <<-END
		name: x
		deployments:
		- name: t
		  flow_name: t
		  work_pool:
		    name: weir
		    job_variables:
		      command: 'echo "\$WEIR_PARAM_WHO" >>"$T/ran"'
		  parameters: {who: nobody}
		  schedules: $1
	END
	weir2 -q register
	exits 0
}

# start NAME: one more worker, its process in $WORKER.
start()
{
	"$WEIR" worker --name "$1" 2>"$T/worker-$1" 3>&- &
	WORKER=$!
	WORKERS+=("$WORKER")
	until_true grep -q 'serves pool' "$T/worker-$1"
}

# ran N [WORD]: so many runs, at least.
ran()
{
	[ -e "$T/ran" ] && [ "$(grep -c "^${2:-}" "$T/ran")" -ge "$1" ]
}

runs()
{
	weir2 runs "$1" -n 0 -o name
	[ "$(wc -l <"$T/out")" -eq "$2" ] || die "$(wc -l <"$T/out") runs, not $2"
}

# once_each: no date has two runs.
once_each()
{
	weir2 runs -n 0 -o tsv --columns expected_start_time
	[ "$(sort "$T/out" | uniq -d | wc -l)" -eq 0 ] || die "twice: $(sort "$T/out" | uniq -d)"
}

# paused UNTIL: a run that waits for no longer.
paused()
{
	local flow run

	ask()
	{
		printf '{"method":"POST","path":"%s","body":%s}\n' "$1" "$2" |
			"$B/tests/real/embedded" "$XDG_DATA_HOME/weir/embedded.db"
	}
	id_of()
	{
		sed -n 's/.*"body":{"id":"\([^"]*\)".*/\1/p'
	}
	flow=$(ask /flows/ '{"name":"waits"}' | id_of)
	run=$(ask /flow_runs/ "{\"flow_id\":\"$flow\"}" | id_of)
	ask "/flow_runs/$run/set_state" \
		'{"force":true,"state":{"type":"PAUSED","state_details":{"pause_timeout":"'"$1"'"}}}' |
		grep -q '"type":"PAUSED".*"status":"ACCEPT"'
}

@test "schedules: runs are made ahead, and run when it is time" {
	deploy '[{cron: "* * * * * *", slug: fast, parameters: {who: fast}}, {cron: "0 3 29 2 *", slug: leap}]'
	start one
	until_true ran 3 fast
	once_each
	weir2 show @latest
	has "created_by.type	SCHEDULE"
	has "created_by.display_value	fast"
	has "parameters.who	fast"
	has "tags	auto-scheduled"
	weir2 runs 'state:scheduled auto_scheduled:yes' -n 0 -o name
	[ "$(wc -l <"$T/out")" -gt 50 ]
	# paused: nothing is left of them
	weir2 -q pause t/t
	exits 0
	runs state:scheduled 0
	until_true runs state:live 0 # what had begun ends
	before=$(wc -l <"$T/ran")
	sleep 2.5
	[ "$(wc -l <"$T/ran")" = "$before" ]
	weir2 -q unpause t/t
	exits 0
	until_true ran $((before + 3)) fast
	once_each
}

@test "schedules: another one takes the place of the old, in a register" {
	deploy '[{cron: "0 3 * * *", slug: s, parameters: {who: old}}]'
	start one
	until_true runs state:scheduled 3
	deploy '[{interval: 1, slug: s, parameters: {who: new}}]'
	until_true ran 2 new
	no_match old "$T/ran"
	deploy '[{rrule: "FREQ=SECONDLY", timezone: Europe/Berlin, slug: s, parameters: {who: rule}}]'
	until_true ran 2 rule
	once_each
}

@test "schedules: two workers make none twice; one goes on when the other is killed" {
	deploy '[{cron: "* * * * * *", slug: fast, parameters: {who: fast}}]'
	start one
	until_true ran 1
	start two
	until_true ran 3
	kill -KILL "${WORKERS[0]}"
	weir2 -q pause t/t
	weir2 -q unpause t/t
	before=$(wc -l <"$T/ran")
	until_true ran $((before + 3))
	once_each
	[ -z "$(sort "$T/ran" | grep -v fast)" ]
}

# ticks PROCESS: it has the lock of the clock; who has not only opens it to try.
ticks()
{
	find "/proc/$1/fd" -printf '%l\n' | grep -q 'embedded\.db\.tick$'
}

@test "schedules: when the worker that ticks ends, another goes on at once" {
	[ -d /proc/self/fd ] || skip "no /proc"
	# nothing is due and nothing changes: they sleep for a minute
	start one
	until_true ticks "${WORKERS[0]}"
	start two
	start three
	alone()
	{
		ticks "${WORKERS[0]}" && ! ticks "${WORKERS[1]}" && ! ticks "${WORKERS[2]}"
	}
	until_true alone
	kill -KILL "${WORKERS[0]}"
	one_of_two()
	{
		ticks "${WORKERS[1]}" || ticks "${WORKERS[2]}"
	}
	until_true one_of_two
	# whoever it is, told to stop or killed: the last one does it
	ticks "${WORKERS[1]}" || WORKERS=("${WORKERS[0]}" "${WORKERS[2]}" "${WORKERS[1]}")
	kill -TERM "${WORKERS[1]}"
	until_true ticks "${WORKERS[2]}"
}

@test "schedules: runs of a worker that was killed are ended by another at once" {
	deploy '[]'
	sed -i 's|command: .*|command: "echo $$ >>'"$T"'/pids; exec sleep 300"|' prefect.yaml
	weir2 -q register
	exits 0
	touch "$T/pids"
	# started N: so many commands; gone: the last of them has ended
	started()
	{
		[ "$(wc -l <"$T/pids")" -eq "$1" ]
	}
	gone()
	{
		! kill -0 "$(tail -n 1 "$T/pids")" 2>/dev/null
	}
	start one
	weir2 -q trigger t/t
	until_true started 1
	start two
	kill -KILL "${WORKERS[0]}"
	until_true grep -q 'its worker died: it is ended' "$T/worker-two"
	until_true gone
	# and the one that ticks hears of the others
	kill -STOP "${WORKERS[1]}"
	start three
	weir2 -q trigger t/t
	until_true started 2
	kill -CONT "${WORKERS[1]}"
	: >"$T/worker-two"
	kill -KILL "${WORKERS[2]}"
	until_true grep -q 'its worker died: it is ended' "$T/worker-two"
	until_true gone
}

@test "schedules: who is not resumed in time has failed, in the moment that it is over" {
	start one
	paused "$(date -u -d '+4 sec' +%FT%TZ)"
	until_true runs state:failed 1
	weir2 show @latest
	has "state.message	The flow was paused and never resumed."
	runs state:paused 0
}

@test "schedules: a zone that the machine does not know is said, and no run is made" {
	mkdir "$T/zones"
	deploy '[{cron: "* * * * * *", timezone: Europe/Berlin, slug: s}]'
	TZDIR="$T/none" start one
	until_true grep -q "deployment t: schedule .*: time zone Europe/Berlin: this machine knows no zones" \
		"$T/worker-one"
	has_line=$(grep -c 'apt-get install tzdata' "$T/worker-one")
	[ "$has_line" -eq 1 ]
	runs state:scheduled 0
}

@test "schedules: nothing to do is no work" {
	deploy '[{cron: "0 3 29 2 *", slug: leap}]'
	paused "$(date -u -d '+1 hour' +%FT%TZ)"
	start one
	rests 2
}
