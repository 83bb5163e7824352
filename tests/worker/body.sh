#!/bin/sh
# What the commands of the torture are made of. Each line that is out is noted in a file of the
# run ($TRUTH/RUN), by the one who printed it.
noted=$TRUTH/$PREFECT__FLOW_RUN_ID

# begin: a try of the command
begin()
{
	echo begin >>"$noted"
}

# count NAME N: lines `NAME 1` to `NAME N`
count()
{
	i=0
	while [ "$i" -lt "$2" ]; do
		i=$((i + 1))
		echo "$1 $i"
		echo "$1 $i" >>"$noted"
		sleep "0.0$((i * 7 % 10))"
	done
}

# once NAME: fails the first time that the run comes here
once()
{
	[ -e "$noted.$1" ] && return
	: >"$noted.$1"
	exit 1
}

# child NAME: one, however often it is asked for; the server may be away
child()
{
	until weir trigger "$FLOW/$1" -k "$PREFECT__FLOW_RUN_ID-$1" -q >/dev/null 2>&1; do
		sleep 0.5
	done
}
