#!/usr/bin/env bats
# weir config: layers as they are seen from outside, changes to weir.conf, secrets.
bats_require_minimum_version 1.5.0

setup() {
	. tests/lib/env.sh
	mkdir -p "$T/cwd" "$HOME/.prefect"
	conf=$XDG_CONFIG_HOME/weir/weir.conf
	cd "$T/cwd" || exit 1
}

teardown() {
	cd / && weir_cleanup
}

profiles() {
	cat >"$HOME/.prefect/profiles.toml" <<-END
		active = "cloud"
		[profiles.cloud]
		PREFECT_API_URL = "https://c/api"
		PREFECT_API_KEY = "pnu_profile"
		[profiles.other]
		PREFECT_API_URL = "http://other/api"
	END
}

# origin and value of a key
of() {
	weir config get "$1" -o tsv | cut -f 2,3 | tr '\t' ' '
}

@test "nothing is configured: defaults, no server" {
	run -0 --separate-stderr weir config list -o tsv
	[ "${#lines[@]}" = 26 ]
	[ -z "$stderr" ]
	[[ $output == *$'parallel\t4\tdefault'* ]]
	run -1 --separate-stderr weir config get api_url
	[ "$stderr" = "weir: config: api_url: not set" ]
}

@test "who uses Prefect configures nothing" {
	profiles
	[ "$(of api_url)" = "https://c/api profiles.toml:cloud" ]
	[ "$(of api_key)" = "*** profiles.toml:cloud" ]
	[ "$(PREFECT_PROFILE=other of api_url)" = "http://other/api profiles.toml:other" ]
	[ "$(PREFECT_API_URL=http://e of api_url 2>&-)" = "http://e PREFECT_API_URL" ]
	echo 'PREFECT_API_URL=http://dot' >.env
	[ "$(of api_url 2>&-)" = "http://dot .env" ]
	[ "$(weir --profile other config get api_url)" = http://other/api ]
}

@test "a key is not sent to the address of another layer, and that is said" {
	profiles
	PREFECT_API_KEY=pnu_env run -0 --separate-stderr weir config get api_key -o tsv
	[ "$output" = $'api_key\t***\tprofiles.toml:cloud' ]
	[[ $stderr == *"api_key of PREFECT_API_KEY is not used"* ]]
	[[ $stderr != *pnu_* ]]
	PREFECT_API_KEY=pnu_env run -1 --separate-stderr weir --profile other config get api_key
	[[ $stderr == *"comes from profiles.toml:other"* ]]
}

@test "no secret is shown in any form" {
	profiles
	export PREFECT_API_URL=https://user:hunter2@c/api
	for form in table tsv csv json ndjson; do
		run -0 weir config list -o "$form"
		[[ $output != *pnu_* && $output != *hunter2* && $output == *'***'* ]]
	done
	run -0 weir config get api_url
	[ "$output" = 'https://***@c/api' ]
}

@test "json has every key with null where nothing is set" {
	run -0 bash -c 'weir config -o json | python3 -c "
import json, sys
rows = json.load(sys.stdin)
assert len(rows) == 26, rows
by = {r[\"name\"]: r for r in rows}
assert by[\"api_url\"] == {\"name\": \"api_url\", \"value\": None, \"origin\": None}
assert by[\"utc\"][\"value\"] == \"false\"
"'
}

@test "set and unset change one line and keep the rest" {
	weir config set parallel 8
	printf '# mine\nparallel = 8 # fast\n\n[profiles.p]\nutc = true\n' >"$conf"
	weir config set parallel 9
	weir config set color never
	printf '# mine\nparallel = 9 # fast\ncolor = "never"\n\n[profiles.p]\nutc = true\n' |
		diff - "$conf"
	weir config unset color
	printf '# mine\nparallel = 9 # fast\n\n[profiles.p]\nutc = true\n' | diff - "$conf"
	run -1 --separate-stderr weir config unset color
	[[ $stderr == *"color is not set there"* ]]
	[ "$(stat -c %a "$conf")" = 600 ]
	[ "$(weir config path)" = "$conf" ]
}

@test "set with --profile makes the table of a new profile" {
	weir --profile farm config set api_url http://farm/api/
	echo s3cret | weir --profile farm config set api_auth_string
	[ "$(weir --profile farm config get api_url)" = http://farm/api ]
	run -0 weir --profile farm config get api_auth_string -o tsv
	[ "$output" = $'api_auth_string\t***\tweir.conf:farm' ]
	run -1 weir config get api_url
	grep -q '^\[profiles."farm"\]$' "$conf"
}

@test "a secret is not taken from the command line" {
	run -2 --separate-stderr weir config set api_key pnu_x
	[[ $stderr == *"is not taken from the command line"* ]]
	[ ! -e "$conf" ]
}

@test "wrong words are refused and the right ones named" {
	run -2 --separate-stderr weir config get paralel
	[[ $stderr == *"unknown key 'paralel'"*"try: weir config get parallel"* ]]
	run -2 --separate-stderr weir config set parallel many
	[[ $stderr == *"parallel: the value is not a number"* ]]
	run -2 --separate-stderr weir config sett
	[[ $stderr == *"unknown verb 'sett'"* ]]
	run -2 weir config get
	[ ! -e "$conf" ]
}

@test "a broken file is named with line and column" {
	mkdir -p "${conf%/*}"
	printf 'parallel = 4\nutc = maybe\n' >"$conf"
	run -2 --separate-stderr weir config list
	[[ ${stderr_lines[0]} == "weir: $conf: line 2, column "* ]]
	rm "$conf"
	printf 'active = \n' >"$HOME/.prefect/profiles.toml"
	run -2 --separate-stderr weir runs --no-menu
	[[ ${stderr_lines[0]} == "weir: $HOME/.prefect/profiles.toml: line 1, column "* ]]
	rm "$HOME/.prefect/profiles.toml"
	printf '[api]\nurl = "gopher://x"\n' >prefect.toml
	run -2 --separate-stderr weir config list
	[[ ${stderr_lines[0]} == "weir: prefect.toml: line 2, column 7: url: its value is not"* ]]
}

@test "warnings: unknown profile, unknown key, a secret that others can read" {
	PREFECT_PROFILE=typo run -0 --separate-stderr weir config get utc
	[[ $stderr == *"profile 'typo' (PREFECT_PROFILE) is not known"*local* ]]
	mkdir -p "${conf%/*}"
	printf 'api_urll = "x"\napi_url = "http://x"\napi_key = "k"\n' >"$conf"
	chmod 644 "$conf"
	run -0 --separate-stderr weir config get utc
	[[ $stderr == *"unknown key 'api_urll'"*"api_url?"* ]]
	[[ $stderr == *"chmod 600"* ]]
}

@test "a misspelt --profile never means the exported server" {
	PREFECT_API_URL=http://e run -1 weir --profile typo config get api_url
	PREFECT_API_URL=http://e run -1 weir --profile embedded config get api_url
}

keys() {
	mkdir -p "${conf%/*}"
	cat >"$conf" <<-END
		[keys.list]
		"ctrl-x" = "cancel"
		"ctrl-m" = "up"
		"f5" = "refrsh"
		[keys.lst]
		"f6" = "up"
		[keys.help]
		"f7" = "sort dur"
		[keys]
		"ctrl-x" = "quit"
	END
}

wrong_keys="$(cat <<-'END'
	line 3: [keys.list] ctrl-m: a terminal sends enter for it
	line 4: [keys.list] f5: no action 'refrsh'; did you mean refresh?
	line 6: [keys.lst] f6: no context 'lst'; there are all, list, detail, log, timeline, page, columns, help, form, environments, environment
	line 8: [keys.help] f7: sort does nothing there, but in list, environments
	line 2: [keys.list] ctrl-x: bound in line 10 too; this one counts in list
END
)"

@test "keys that cannot be bound are told with file and line, and weir goes on" {
	keys
	run -0 --separate-stderr weir config list
	[ "$(sed "s|^weir: $conf: ||" <<<"$stderr" | sort)" = "$(sort <<<"$wrong_keys")" ]
	# Before a menu too, which starts.
	echo "dump screen" >"$T/script"
	run -0 --separate-stderr weir --offline --script "$T/script"
	[ "$(sed "s|^weir: $conf: ||" <<<"$stderr" | sort)" = "$(sort <<<"$wrong_keys")" ]
	[ -s screen ]
	# No other command is about keys.
	run -0 --separate-stderr weir config path
	[ -z "$stderr" ]
}

@test "doctor looks at the keys" {
	keys
	run --separate-stderr weir doctor --offline -o tsv
	[ "$(grep -c "^warn.keys" <<<"$output")" = 5 ]
	[[ $output == *"did you mean refresh?"* ]]
	printf '[keys]\nf5 = "refresh"\n' >"$conf"
	run --separate-stderr weir doctor --offline -o tsv
	[[ $output == *"1 bound in weir.conf"* ]]
}

@test "get with a form: a row, and 1 where the setting has no value" {
	run -0 --separate-stderr weir config get color -o tsv
	[ "$output" = $'color\tauto\tdefault' ]
	[ -z "$stderr" ]
	run -1 --separate-stderr weir config get api_url -o json
	[ "$output" = $'[\n{"name":"api_url","value":null,"origin":null}\n]' ]
	[ "$stderr" = "weir: config: api_url: not set" ]
}

@test "the example of weir.conf(5) is a file that nothing is said of" {
	umask 077
	mkdir -p "$XDG_CONFIG_HOME/weir"
	python3 - "$ROOT/man/weir.conf.5" >"$XDG_CONFIG_HOME/weir/weir.conf" <<'P'
import re, sys
text = open(sys.argv[1]).read().split(".Sh EXAMPLES")[1].split(".Sh ")[0]
print(re.search(r"^\.Bd.*?\n(.*?)^\.Ed", text, re.M | re.S)[1])
P
	run -0 --separate-stderr weir config get parallel -o tsv
	[ "$output" = $'parallel\t8\tweir.conf' ]
	[ -z "$stderr" ]
	run -0 --separate-stderr weir --profile farm config get read_only
	[ "$output" = true ]
	[ -z "$stderr" ]
}
