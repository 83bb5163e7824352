# Loaded instead of the helper by files whose tests read one store, each a copy of it.
# A file may have a setup or setup_file of its own.
load helper

setup_file()
{
	fake_start --runs 300
	sync_once
}

teardown_file()
{
	fake_stop
}

setup()
{
	synced_world
}

teardown()
{
	weir_cleanup
}
