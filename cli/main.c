/*
 * weir: Prefect's runs, logs and environments on the command line and in menus.
 *
 * The modules, one line each. x.[ch] of client/ with a public header have it in
 * client/include/weir/.
 *
 * client/, the library. Base:
 *   error	result codes and the error text that travels with them
 *   mem	allocation that cannot fail, arenas, vectors
 *   buf	bounded buffers and borrowed slices
 *   text	width, cutting, the sanitiser, JSON strings, nearest words
 *   text_width	columns of a code point
 *   sgr		colours in the output of programs
 *   file	bytes written whole, folders synced
 *   time	RFC 3339, durations, what people write, the clock
 *   time_span	durations
 *   log	the diagnostic log
 *   id		16-byte ids
 *   json	JSON as a tree to look at
 *   json_out	JSON text of a tree
 *   banned.h	functions that we do not use
 *   types.h	runs, task runs, logs, documents as plain data; states
 * Settings:
 *   config	every setting, its value and where it came from
 *   config_keys	table of the settings, checks of their values
 *   config_layer.h	what the parts of it share
 *   config_load	which files there are, which profile is meant
 *   config_entries	rows of weir.conf that users name: keys, views, colours
 *   config_read	environment and files into layers
 *   config_dotenv	the syntax of .env
 *   config_edit	one key of weir.conf changed, the rest kept
 *   toml	TOML as JSON text, by toml++; the only C++
 *   toml_load	TOML as a tree
 *   yaml_load	YAML as a tree that knows its places
 *   yaml_tree	looking at it
 *   yaml_scalar	what a plain scalar stands for
 *   spawn		a program started, without a shell
 *   proc		and run for what it prints
 *   python		the user's own, that has a package
 *   url	addresses: masked, and as they are compared
 *   web_url	addresses of web pages, made and read
 *   browser	the user's browser, started without a shell
 *   shell	words as a shell splits them, a word as it reads it back
 *   view	a view as the command that shows it
 *   views	named views
 * Server:
 *   dyn		libraries that are loaded at first use
 *   transport.h	what carries requests to who answers them
 *   http	libcurl multi: requests, bounded bodies, retries
 *   http_transport	as one of those
 *   http_setup	TLS, proxies, credentials, headers from the settings
 *   http_away	when it is time to say so
 *   http_head	lines of the head of an answer
 *   http_fail	why there was no answer, in words
 *   http_mask	secrets that were sent, not to be repeated
 *   retry	when a failed request is sent again
 *   pull	JSON pages read without a tree
 *   pull_text	their text made clean first
 *   api		what a backend can do; opening and first contact
 *   api_prefect	the one that speaks Prefect's REST API
 *   api_op	its requests, each until it is answered
 *   api_body	what is asked
 *   api_reply	answers that are not what was asked for
 *   embedded	Prefect's REST API over the embedded store, in the process
 *   embedded_check	bodies of requests
 *   embedded_json	its answers and values
 *   embedded_rows	objects in its store
 *   embedded_list	its lists
 *   embedded_rules	which transitions of a run there are
 *   embedded_state	states, entered and proposed
 *   embedded_name	names of runs that nobody named
 *   embedded_runs	flow runs
 *   embedded_tasks	task runs
 *   embedded_flows	flows, limits, artifacts
 *   embedded_deployments	deployments
 *   embedded_schedules	and their schedules
 *   embedded_pools	pools, queues
 *   embedded_workers	workers, and what is READY by them
 *   embedded_scheduled	what a worker may take
 *   embedded_logs	lines
 *   embedded_tick	runs of schedules, made as time goes by
 *   embedded_pauses	runs that nobody resumed
 *   embedded_settle	what a worker says, when there is none
 *   embedded_values	variables and secrets, which the user keeps
 *   sql_embedded.h	what it asks of the store
 *   sql_filter	filters of the API as SQL
 *   alive	which workers live
 *   backup	the embedded store to a file, and back
 *   bell		other processes that look at the same file, woken
 *   api_pace	how many requests to keep in flight
 *   api_fields	the members of Prefect's objects, for both readers
 *   session	configuration, store and server of one use of weir
 *   session_beside	the store of Metaflow that goes with it
 * Store:
 *   db		SQLite: opening, statements, transactions
 *   db_checkpoint	the WAL copied by a thread
 *   db_make	files and folders that are nobody else's
 *   sql	every static statement
 *   schema	the ladder of steps that make a store
 *   schema_state	and of the state store
 *   schema_embedded	and of the embedded store
 *   migrate	climbing it
 *   store	the cache of what a server said, for reading
 *   store_write.h	and for writing
 *   store_open	opening, creating, setting aside, the sync lock
 *   store_runs	flow runs
 *   store_tasks	task runs
 *   store_docs	what a server has few of
 *   store_logs	log lines on their way in
 *   store_logdir	where the blocks of a log are
 *   store_text	what bare words search
 *   statedb	what no server can tell again: marks, views, what was done
 *   journal	what was asked of a server, before it is, and what came of it
 *   chain	which run was started in place of which
 *   owner	which process something belongs to
 *   holder	and which has a file
 *   intern	names to row numbers, for the writer
 *   jscan	members of a JSON text, in place
 *   logblock	a block of log lines as it lies in the store
 *   grams	trigram bitmaps of blocks
 *   logs	reading one run's log
 *   logs_many	of several runs, as one array
 *   logs_filter	which lines pass
 *   logs_count	whose lines they are
 *   logs_search	over many runs
 * Environments of Metaflow:
 *   env.h	environments and packages as plain data
 *   env_cnd	conda_v2.cnd, every generation of it, in one pass
 *   env_object	one environment, from its object
 *   env_json	lists of texts in it, passwords masked
 *   env_hash	its ids, by every formula
 *   env_pkg	what filenames of packages say
 *   env_version	versions of conda, compared
 *   env_pep440	versions of Python packages
 *   env_spec	what is asked of them
 *   env_version_priv.h	what these share
 *   env_root	where Metaflow's files are, by its settings
 *   env_file	the bytes of conda_v2.cnd while others write it
 *   env_map	texts to numbers
 *   env_fill	what was read, into the store
 *   env_join	what rows have from other tables, who has which package
 *   env_places	environments that were created on this machine
 *   env_store	the store, brought up to date when it is opened
 *   env_find	which environment is meant
 *   env_load	environments whole
 *   env_edit	defaults in the text of conda_v2.cnd
 *   env_write	and that in the file, while others write it
 *   env_part	a file replaced as a whole
 *   env_past	what was selected, to be taken back
 *   env_group	steps with the same requirements
 *   env_flow	of a flow, by the user's Python
 *   env_run	and of an earlier run
 *   env_select	one selected, from the plan to its history
 *   env_make	one of them as the installer wants it
 *   env_code	the code package of a run
 *   env_gc	which of them nothing needs, removed
 *   env_needs	what files and runs need
 *   env_named	what parameters of a server's runs name
 *   env_busy	is a process in it
 *   env_tree	what it takes on the disk
 *   env_measure	and that of all, in the store
 *   env_diff	how two differ
 *   env_lock	packages of lock files
 *   env_set.h	what both share
 *   schema_env	their tables
 *   sql_env.h	their statements
 *   columns_env.h	their columns
 *   objstore	object stores: keys with bytes
 *   objstore_local	a folder as one
 * Runs of Metaflow:
 *   metaflow.h	its runs, and which environments their tasks used
 *   mf_id	ids of pathspecs
 *   mf_object	one thing that is said: a flow, run, task, record
 *   mf_file	small files that others write
 *   mf_source.h	where runs are read from
 *   mf_local	files of a folder
 *   mf_ask	questions to a metadata service
 *   mf_service	runs of one
 *   mf_says	what records say: states, attempts, environments
 *   mf_alive	runs that have a process on this machine
 *   mf_put	a task into the store
 *   mf_put_run	a run, and clones of tasks
 *   mf_sync	what is due of a source
 *   mf_open	the store, brought up to date when it is opened
 *   mf_log	lines of log files of tasks
 *   mf_logs	files of a task into the log of its run
 *   mf_logs_run	a run's, where its tasks keep theirs
 *   mf_env	tasks of an environment and back
 *   sql_mf.h	their statements
 * Questions:
 *   match	compiled PCRE2 patterns
 *   query.h	the query language
 *   query_lex	its words
 *   query_parse	a tree of them
 *   query_field	names of fields
 *   query_value	their values
 *   query_leaf	fields and words as sets and conditions
 *   query_package	environments by their packages
 *   query_sql	the tree as SQL
 *   query_text	bare words over blocks of text
 *   query_fn	SQL functions for what SQL cannot do
 *   query_complete	the longest valid part, and what may follow
 *   query_names	names of keys, for many rows at once
 *   query_values	the most frequent values of a field
 *   query_tally	counting texts
 *   query_group	rows counted by a field
 *   keyset	sets of rows, bit by bit
 *   column	columns of each kind
 *   select_build	columns, order, query in; one statement out
 *   select	which gives typed cells
 *   select_count	and counts, and sets of keys
 *   select_rows.h	and what merging those of two stores wants
 *   select_order	which of two rows comes first
 *   beside	two stores read as one
 *   run_env	environments that runs used
 *   beside_keys	keys of the smaller put among those of the other
 *   query_sort	sorting keys in memory
 *   query_keys	keys in order, kept from one question to the next
 *   tree	child runs below their parents
 *   nest	task runs below those that they were started in
 *   resolve	ids, names, @latest, web addresses
 *   pickup	why a run that should start does not
 *   why	why a run failed or waits
 *   why_log	the line of a log that says it
 *   why_text	words of errors; what two errors have in common
 *   why_scan	failed runs by their errors
 *   cell	a cell as text for people, for programs, as JSON
 *   members	members of stored JSON, one call each
 * Work:
 *   sync		a cycle: its steps, its marks
 *   sync_scan	many lists read at once
 *   sync_loop	requests out, pages in, rows into transactions
 *   sync_page	copies of their pages
 *   sync_runs	what lives, what ended, what vanished
 *   sync_fill	the first time
 *   sync_drift	the check by counts
 *   sync_docs	flows, deployments, pools
 *   sync_detail	parents, task runs, a run whole
 *   sync_below	of runs that are watched
 *   sync_logs	lines
 *   sync_local	nothing to fetch: the embedded store
 *   actions	cancelling and retriggering, from the wish to its result
 *   act_rules	what is proposed in which state, what an answer means
 *   act_known	what a new run waits for, read where it is not here
 *   act_build	platforms of a build, those that failed
 *   act_settle	what was left without an answer
 *   register	what of a manifest differs from the server
 *   register_read	deployments, pools and automations, several at once
 *   register_check	what the server would refuse
 *   register_gone	what the file no longer names
 *   register_compare	stated against served, field by field
 *   register_auto	automations of triggers
 *   register_body	the requests that make it so
 *   register_send	the plan carried out
 *   register_get	many reads in flight
 *   register_lookup	variables and blocks that a file refers to
 *   register_known	what a file registered before
 *   manifest	prefect.yaml: which deployments it names
 *   manifest_shape	what may stand in it
 *   manifest_template	placeholders
 *   manifest_body	a deployment as the server takes it
 *   manifest_steps	steps: refused, stored, guessed
 *   manifest_schedule	schedules
 *   manifest_trigger	triggers, as automations
 *   manifest_flow	flows and the schema of their parameters
 *   manifest_python	what a Python with Prefect says of them
 *   pysig	a flow's signature, read from its source
 *   pysig_lex	the words of the source
 *   pysig_names	what its names stand for
 *   pysig_type	annotations as JSON schema
 *   pysig_value	literals
 *   pysig_doc	docstrings
 *   civil		days and dates of the calendar
 *   schedule_check	zones, durations, dates; what may be a schedule
 *   schedule_cron	cron lines: read, stepped through
 *   schedule_rrule	recurrence rules: read
 *   schedule_walk	recurrence rules: their dates
 *   schedule_zone	time zones of the system
 *   schedule_dates	when a schedule fires
 *   act_metaflow	runs that nothing is done to
 *   act_plan	what would be sent, without a server
 *   act_objects	pause, unpause, create, set, delete: what is sent
 *   act_farm	and done, to deployments, pools and queues
 *   params	parameters of flows: schemas, values as typed, sets
 *   params_read	as the server reads them before it checks
 *   params_check	a value against a schema, as the server does
 *   params_rules	keywords about one value
 *   params_pattern	patterns of Python, by PCRE2
 *   params_say	faults in words
 *   worker	a worker: its loop, signals
 *   worker_tick	the clock of the embedded store
 *   worker_poll	its pool, due runs, signs of life, who was cancelled
 *   worker_ask	requests of runs, repeated; proposals of states
 *   worker_claim	a run is taken, unless another was first
 *   worker_run	a run until its job is known
 *   worker_job	what is to be run, by the pool's template
 *   template	its placeholders
 *   worker_pull	pull steps: git_clone, set_working_directory, run_shell_script
 *   worker_env	the command's environment: parameters, the way back
 *   worker_child	a process group, written down before it runs
 *   worker_start	the command of a run, its end, its result
 *   worker_result	what it came to
 *   worker_ship	its lines to the server
 *   worker_tasks	its task runs that were left open
 *   worker_say	what it tells of what it does
 *   worker_note	a run's folder: what the next worker must know
 *   worker_sweep	folders of runs that are done with
 *   worker_orphan	runs of workers that died
 *   worker_bury.h	and without a worker
 *   worker_lost	runs of the own store that nothing else is left of
 *   marked	processes by a variable that they were started with
 *   spool	what a command printed, in a file of frames
 *   spool_level	which lines are errors and warnings
 *   relay	from a command's pipes to its spool
 *   plat	what POSIX has not: room of a file given back, wide pipes
 *   task		a command as a task run
 *   task_try	which is run once
 *   task_keep	who reads what it prints
 *   parent	a run as the child of another
 *   inst_env	an environment on this machine, from a list of packages
 *   inst_list	such a list
 *   inst_where	where environments and packages go
 *   inst_source	where packages would come from
 *   inst_lock	Metaflow's lock files
 *   inst_site	whose a folder is, who makes it
 *   inst_gather	all packages here
 *   inst_pkgs	folders of packages
 *   inst_fetch	packages from the web
 *   inst_part	one that is on its way
 *   inst_sum	MD5 and SHA-256
 *   inst_archive	.conda, .tar.bz2 and wheels unpacked
 *   inst_tree	and nothing outside of their folder
 *   inst_name	names that stay inside
 *   inst_meta	what a package says of itself
 *   inst_entry	commands that call functions of Python
 *   inst_plan	which file of which package is where
 *   inst_link	and put there
 *   inst_prefix	the prefix that a package was built for, replaced
 *   inst_record	conda-meta
 *   inst_wheel	wheels, without uv and pip
 *   inst_full	a file system that is full
 *   inst_tool	micromamba and other programs, run
 *   inst_tmp	folders that are being filled
 *   inst_file	small files, whole
 *   deployment	a deployment, read and taken apart
 *   trigger	starting runs of a deployment
 *   follow	where runs are now
 *   pipe	pipes, and those that wake a thread
 *   engine	the thread of the menus that does it
 *   engine_req	its requests that act
 *   engine_ear	what wakes it
 *   doctor	is everything as it should be
 *
 * cli/, one file a subcommand:
 *   main	the process: flushing, exit status
 *   interrupt	^C
 *   cmd	table of the commands, dispatch
 *   ctx	what a command is given: session, age of the data, errors, output
 *   opt	option tables against argv
 *   sink	standard output, or a pager
 *   out	rows in the forms of -o
 *   out_table	a table as wide as the terminal
 *   out_tsv	TSV and CSV
 *   out_json	JSON and NDJSON
 *   list	what all list commands share
 *   list_tree	child runs below their parents
 *   cmd_runs
 *   cmd_lists	flows, deployments, limits, task-runs, artifacts
 *   list_group	a list counted by a column
 *   cmd_env	environments: list, which
 *   env.h	what its parts share
 *   env_open	the store of them
 *   env_menu	their menus
 *   env_complete	which can be meant
 *   env_show	everything about one
 *   env_diff	two compared
 *   env_hash	ids of descriptions
 *   env_create	one made on this machine
 *   env_select	which is the default, and back
 *   env_steps	for which steps
 *   env_swap	what of it is said
 *   env_gc	those that nothing needs, removed
 *   env_fresh	sizes and runs, where they are wanted
 *   cmd_pools	pools, queues, workers; why a run is not picked up
 *   pools_act	pools create, set, delete
 *   cmd_logs	a run's log: options, fetching, files
 *   logs_source	runs whose lines are merged by time
 *   logs_follow	what is new, until the end
 *   logs_search	the logs of many runs
 *   logs_print	lines as text, bytes, NDJSON
 *   local	acting without a server
 *   acts		runs to act on, asking, results
 *   cmd_worker	take runs from a pool
 *   cmd_task	inside a run: a command as a task run
 *   cmd_trigger	new runs of a deployment
 *   trigger_print	what came of them
 *   trigger_args	their parameters, from words, files, a matrix
 *   cmd_watch	which runs to follow to their end
 *   watch	until they have ended: looks, pauses, the exit status
 *   watch_facts	children, tasks, estimates, reasons
 *   watch_show	a line a run, painted in place, or one a change
 *   watch_end	what came of it
 *   frame	lines that are painted again
 *   cmd_register	what prefect.yaml names, to the server
 *   register_print	a line a deployment, differences
 *   line_diff	lines against lines
 *   acts acts_find acts_ask	on what to act, asking, results
 *   acts_rows	runs that are asked about, a line each
 *   plan		what --dry-run prints
 *   cmd_cancel	stop runs
 *   cmd_resume	go on with paused ones
 *   cmd_retrigger	which runs again, with what
 *   edit	parameters in the editor
 *   cmd_pause	pause, unpause
 *   cmd_history	what was done
 *   cmd_backup
 *   cmd_restore
 *   cmd_sync bar	fetching, with a line of progress
 *   cmd_completion	completions of bash, zsh and fish from the tables
 *   complete	what can stand somewhere: runs, columns, fields, keys
 *   show	what show and graph read
 *   cmd_show	everything known of one object
 *   show_run	a run for people: why, when, where, with what
 *   show_text	other objects and lists for people
 *   show_tsv	names and values for programs
 *   para		labelled lines that wrap
 *   cmd_why	why runs failed or wait
 *   why_print	causes and groups of errors in the forms of -o
 *   cmd_graph	a run over time
 *   timeline	the tree of task runs and child runs
 *   cmd_config	settings and their origins
 *   cmd_doctor	the check-up
 *   cmd_open	the web page of an object
 *   cmd_help	help from the tables
 *
 * tui/, the menus:
 *   tui	the one way in
 *   app	terminal, engine, query thread and views in one loop
 *   app_start	what is opened before the first frame, and closed
 *   app_loop	keys, signals, events, answers, timers
 *   app_why	what the cursor is on, or a query, as why sees it
 *   app_act	actions that mean the same everywhere
 *   app_view	what a command shows, opened as a view
 *   screen	the terminal taken, given back, suspended; a mock of it
 *   input	bytes to keys
 *   action	what keys can do
 *   recall	what was entered at prompts, kept
 *   mouse	clicks and the wheel
 *   outside	other programs on the terminal
 *   palette	`:`: actions by name
 *   envs		environments in the menus: their folder, what changes in it
 *   envs_fresh	what takes long to know of them
 *   choice	one of them made the default
 *   view_env	everything about one
 *   view_env_diff	how two differ
 *   palette_offer	what it offers: actions, arguments
 *   app_runs	trigger, cancel and retrigger, of what is marked or under the cursor
 *   form	with what a run of a deployment is started: fields, values
 *   form_wish	what that amounts to: faults, what is sent, the command
 *   view_form view_form_edit view_form_write	the form on the screen
 *   confirm	the list of it, asked for; what came of it
 *   view_history	what was done
 *   messages	what weir said, with times
 *   keymap	which key does what where
 *   script	keys from a file
 *   prompt	a line of input
 *   draw		rows of styled, sanitised text; the only caller of curses output
 *   theme	styles and glyphs
 *   theme_user	colours as users wish them
 *   app_profile	another server in the same menu
 *   status	the lines around a view
 *   finder_log	lines of logs that match, for the query thread
 *   lineset	numbers of lines
 *   finder	the query thread
 *   finder_part.h	what its parts share
 *   finder_work	what it does
 *   finder_env	its store of environments
 *   view		what a view must do; their stack
 *   marks	a set of row keys
 *   keeper	the thread that writes the state store
 *   desk desk_left desk_tabs desk_envs	what stays of the menus when they are left
 *   list		a cursor over rows
 *   rows		keys of all rows, cells of the visible ones
 *   table	columns on a screen
 *   table_cell	one cell: cut, with what was searched for made visible
 *   chosen	which columns are shown, as --columns and as a list
 *   view_columns	the chooser of columns
 *   sortkeys	what a key that names a column does to --sort
 *   pager pager_rows pager_paint	long text
 *   fold		tracebacks of a text
 *   export	files, the pager, the editor
 *   view_why	why a run failed or waits
 *   view_errors	failed runs by what they died of
 *   page		lines of styled text, some of which open something
 *   page_view	the view of a page: cursor, opening
 *   page_find	its search, and its failures
 *   preview	what the cursor is on, in a pane
 *   listview_pane	where the preview of a list is
 *   listview listview_mark listview_paint listview_sort listview_tree
 *   listview_out	lists to files and programs; logs of their runs as one
 *   listview_env	what lists of environments have of their own
 *   view_list	lists of any kind
 *   listquery	their search: prompt, completion, n N ] [
 *   view_groups	a list counted by a field
 *   facts	everything about one object, as a page
 *   facts_parts.h	what its writers share
 *   facts_run	of a flow run
 *   facts_task	of a task run
 *   facts_flow	of flows and deployments
 *   facts_pool	of work pools, queues, workers
 *   facts_limit	of concurrency limits
 *   facts_artifact	of artifacts, and what they hold
 *   facts_json	JSON values as lines
 *   facts_used	environments of runs, runs of environments
 *   facts_env	one environment
 *   gantt	task runs and child runs of a run over time
 *   view_timeline	their bars
 *   view_detail	the page of one object, and of its parameters
 *   view_log	the logs of runs: opening, new lines
 *   logview	which lines are shown
 *   logview_read	what the store has
 *   logview_find	what the query thread is asked
 *   logview_fold logview_line logview_paint	lines on the screen
 *   logview_act logview_jump logview_save	keys
 *   logview_pick	loggers and tasks to choose from
 *   view_messages	what weir said
 *   view_help	the keys of a view
 *   web		a web page in the browser
 *   word		small texts
 */
#include <errno.h>
#include <signal.h>

#include "interrupt.h"

static enum weir_rc
flush(struct ctx *ctx)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return WEIR_OK;
	if (errno == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	return weir_fail(ctx->err, WEIR_EFAIL, "standard output: %s", strerror(errno));
}

int
main(int argc, char **argv)
{
	struct weir_err err = { 0 };
	struct ctx ctx = { .err = &err, .utf8 = true };
	enum weir_rc rc, flushed;

	interrupt_init(&ctx);
	rc = cmd_main(&ctx, argc, argv);
	if (interrupt_came())
		rc = WEIR_EINTR;
	if (rc && rc != WEIR_EINTR && err.text[0])
		ctx_report(&ctx);
	flushed = flush(&ctx);
	if (flushed && !rc) {
		rc = flushed;
		ctx_report(&ctx);
	}
	ctx_close(&ctx);
	if (ctx.status && rc != WEIR_EINTR)
		return ctx.status;
	return ctx.compares && rc != WEIR_EDIFFERS && weir_exit_status(rc) == 1
		       ? 6
		       : weir_exit_status(rc);
}
