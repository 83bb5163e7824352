#!/usr/bin/env bats
# weir-json(5): what is printed has the members that the page lists, and no others.
load synced

@test "json: a cause and its parts, a graph, groups, and why a run waits" {
	failed=$("$WEIR" runs --offline -q -n 1 -o name state:failed)
	weir2 why "$failed" -o json
	exits 0
	documented why
	documented cause 'd[0]["causes"]'
	documented line 'd[0]["causes"][0]["lines"]'
	documented same 'd[0]["causes"][0]["same"]'
	weir2 why state:failed,crashed -o ndjson
	documented errors
	weir2 graph "$failed" -o json
	documented graph
	late=$("$WEIR" runs --offline -q -n 1 -o name state:late)
	weir2 pools --why "$late" -o ndjson
	documented pickup
	weir2 why "$late" -o json
	documented pickup 'd[0]["pickup"]'
	weir2 runs --count-by flow -o json
	sed -i 's/"flow_name":"[^"]*",//' "$T/out"
	documented groups
	weir2 logs "$failed" -o ndjson
	documented logs
}

@test "json: settings, findings, the history and what was done" {
	weir2 config -o json
	documented config
	weir2 doctor -o ndjson
	documented doctor
	late=$("$WEIR" runs --offline -q -n 1 -o name state:late)
	for command in cancel retrigger resume; do
		weir2 $command --dry-run "$late" -o json
		documented requests
	done
	weir2 cancel "$late" -o ndjson
	exits 0
	documented acts
	weir2 watch "$late" -o json
	documented watch
	weir2 pause build-package/nightly -o json
	exits 0
	documented acts
	weir2 trigger build-package/nightly -p package=zlib --dry-run -o ndjson
	exits 0
	documented requests
	weir2 trigger build-package/nightly -p package=zlib -o json
	exits 0
	documented trigger
	weir2 history -o json
	exits 0
	documented history
	json '{h["action"] for h in d} >= {"cancel", "pause", "trigger"}'
}
