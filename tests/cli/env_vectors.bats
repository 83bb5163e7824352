#!/usr/bin/env bats
# Environments as the extension itself reads, names and hashes them, where its files are.
load helper

setup()
{
	world
	DATA=$ROOT/../shared/data/metaflow
	[ -d "$DATA" ] || DATA=$ROOT/../../shared/data/metaflow
	[ -d "$DATA" ] || skip "no test data of Metaflow"
	unset PREFECT_API_URL CONDA_ENVS_DIRS MAMBA_ROOT_PREFIX CONDA_EXE "${!METAFLOW_@}"
	mkdir -p "$T/flow"
	cd "$T/flow" || return 1
}

teardown()
{
	cd / || return 1
	weir_cleanup
}

same()
{
	python3 "$ROOT/tests/lib/env_vectors.py" "$1" "$DATA" "$WEIR"
}

@test "vectors: all environments of a file of 0.0.10" { same manifest-old; }

@test "vectors: all environments of a file of the newest" { same manifest-main; }

@test "vectors: a file with trailing bytes" { same damaged; }

@test "vectors: what list of 0.0.10 printed" { same old-commands; }

@test "vectors: what show and resolve of the newest printed" { same new-commands; }

@test "vectors: a cache with its aliases" { same cache; }

@test "vectors: names of files, folders and environments" { same names; }
