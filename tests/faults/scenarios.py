"""What can go wrong, and which tests prove that it does no harm.

A proof is a file of tests, or one test of it (`file::test`), from the project's folder on. `python -m tests.faults` runs
them all and prints the table of README.md.
"""

from __future__ import annotations

from dataclasses import dataclass

_CONFORMANCE = "raven/testing/conformance/"


@dataclass(frozen=True)
class Scenario:
    """One fault, and its proofs."""

    id: str
    fault: str
    holds: str
    proofs: tuple[str, ...]


def _all(file: str, *tests: str) -> tuple[str, ...]:
    return tuple(f"{file}::test_{test}" for test in tests) or (file,)


SCENARIOS = (
    Scenario(
        "F01",
        "nobody listens, then the server is there again",
        "all is delivered, in order, and the pauses are kept",
        _all("tests/faults/test_server_comes_back.py"),
    ),
    Scenario(
        "F02",
        "connections are never made",
        "an attempt ends at its deadline, and is tried again",
        (
            *_all(
                f"{_CONFORMANCE}test_deadline.py",
                "the_deadline_holds_for_a_connection_that_is_not_made",
                "when_all_addresses_hang_the_deadline_holds",
                "the_deadline_holds_for_a_tls_handshake",
            ),
            *_all("tests/pipeline/test_retry.py", "how_often_each_outcome_is_tried"),
        ),
    ),
    Scenario(
        "F03",
        "the server never answers",
        "an attempt ends at its deadline, and a capture does not wait for it",
        (
            *_all(
                f"{_CONFORMANCE}test_deadline.py",
                "the_deadline_holds_for_an_answer",
                "the_deadline_holds_on_a_used_connection",
                "a_connection_that_ran_out_of_time_is_not_used_again",
                "the_wait_for_a_free_connection_counts",
                "no_attempt_begins_when_the_time_is_over",
            ),
            *_all(f"{_CONFORMANCE}test_busy.py", "what_is_on_its_way_when_it_is_closed_is_counted"),
        ),
    ),
    Scenario(
        "F04",
        "the answer drips, byte by byte",
        "the deadline is that of the whole attempt",
        _all(
            f"{_CONFORMANCE}test_deadline.py",
            "the_deadline_holds_for_an_answer",
            "an_answer_that_drips_within_the_time_is_read",
        ),
    ),
    Scenario(
        "F05",
        "the server stops reading",
        "the deadline holds while we send",
        _all(f"{_CONFORMANCE}test_deadline.py", "the_deadline_holds_for_a_body_that_nobody_reads"),
    ),
    Scenario(
        "F06",
        "the connection breaks after the event was read",
        "it is sent again under its id, and counts once",
        (
            *_all("tests/faults/test_answer_is_lost.py"),
            *_all(f"{_CONFORMANCE}test_exchange.py", "a_lost_connection_is_not_stale_if_it_was_new"),
        ),
    ),
    Scenario(
        "F07",
        "an idle connection was closed by the server",
        "the event goes on a fresh one at once, and that is no try",
        (
            *_all("tests/faults/test_connection_went_stale.py"),
            *_all(
                f"{_CONFORMANCE}test_exchange.py",
                "a_used_connection_that_breaks_before_the_answer_is_stale",
                "a_used_connection_that_is_closed_under_the_request_is_stale",
                "a_used_connection_that_breaks_within_the_answer_is_not_stale",
                "a_connection_that_was_closed_while_idle_costs_no_failure",
            ),
            *_all("tests/pipeline/test_retry.py", "a_stale_connection_is_replaced_at_once_and_not_counted"),
        ),
    ),
    Scenario(
        "F08",
        "what is not HTTP, two lengths, early answers, 100",
        "it is understood or an error, and costs the connection",
        (
            *_all(
                f"{_CONFORMANCE}test_exchange.py",
                "an_odd_answer_is_understood",
                "what_is_not_http_is_a_bad_response",
                "an_answer_that_comes_before_the_body_is_sent_is_seen",
                "an_answer_that_comes_in_place_of_reading_the_body_is_seen",
            ),
            *_all("tests/sinks/test_http11.py"),
        ),
    ),
    Scenario(
        "F09",
        "gzip bombs, endless chunks, a body of 1 GB",
        "64 KiB are read, and the connection is closed",
        (
            *_all(
                f"{_CONFORMANCE}test_exchange.py",
                "an_odd_answer_is_understood",
                "of_a_long_answer_the_start_is_read_and_the_connection_dropped",
                "the_connection_of_a_long_answer_is_closed_at_once",
            ),
            *_all("tests/sinks/test_http11.py", "an_endless_answer_is_not_kept_in_memory"),
        ),
    ),
    Scenario(
        "F10",
        "redirects, to wherever",
        "never followed; counted as `send_error`",
        (
            *_all("tests/faults/test_redirects_are_not_followed.py"),
            *_all(f"{_CONFORMANCE}test_exchange.py", "a_redirect_is_an_answer_and_not_followed"),
            *_all(f"{_CONFORMANCE}test_proxied.py", "a_redirect_through_a_proxy_is_an_answer"),
        ),
    ),
    Scenario(
        "F11",
        "certificates that are no good, old TLS",
        "refused, unless `verify_ssl` is off, which warns once",
        (*_all(f"{_CONFORMANCE}test_tls.py"), *_all("tests/sinks/test_tls.py")),
    ),
    Scenario(
        "F12",
        "a server that wants a certificate of ours",
        "it gets it, or the error says what is wrong",
        (*_all(f"{_CONFORMANCE}test_client_certificate.py"), *_all("tests/sinks/test_client_certificate.py")),
    ),
    Scenario(
        "F13",
        "names that are unknown, a name server that hangs, dead addresses",
        "the deadline holds, and the next address is tried",
        _all(
            f"{_CONFORMANCE}test_deadline.py",
            "the_deadline_holds_for_a_name_server_that_hangs",
            "however_many_ask_a_name_server_that_hangs_it_costs_one_thread",
            "when_the_first_address_refuses_the_second_is_tried",
            "when_the_first_address_hangs_it_has_half_of_the_time",
            "a_name_with_no_address_at_all_is_a_connect_error",
        ),
    ),
    Scenario(
        "F14",
        "429 and `Retry-After`, whatever it says",
        "obeyed within bounds, by the monotonic clock",
        (
            *_all("tests/pipeline/test_retry_after.py"),
            *_all(
                "tests/pipeline/test_ratelimit.py",
                "retry_after_counts_on_a_429_without_the_better_header",
                "a_bare_429_is_cut_at_the_ceiling_too",
                "a_limit_ends_to_the_instant",
            ),
        ),
    ),
    Scenario(
        "F15",
        "`X-Sentry-Rate-Limits`, whatever it says",
        "only its categories stop; the longer one holds; bounded",
        _all("tests/pipeline/test_ratelimit.py"),
    ),
    Scenario(
        "F16",
        "503 for everything and everybody",
        "one try at a time, not in step with others'; nothing is lost",
        (
            *_all("tests/faults/test_storm.py"),
            *_all("tests/pipeline/test_breaker.py"),
            *_all("tests/pipeline/test_retry_budget.py"),
        ),
    ),
    Scenario(
        "F17",
        "an event that the server fails at, again and again",
        "dropped after its tries; those behind it are delivered before",
        (*_all("tests/faults/test_poison.py"),),
    ),
    Scenario(
        "F18",
        "413, and 413 again",
        "the event is cut once, and dropped if that is not enough",
        (*_all("tests/faults/test_too_large.py"), *_all("tests/pipeline/test_shrink.py")),
    ),
    Scenario(
        "F19",
        "ten times what the queue holds, under each policy",
        "dropped as the policy says, counted, and told to the server",
        (
            *_all("tests/faults/test_queue_is_full.py"),
            *_all("tests/pipeline/test_queue_full.py"),
            *_all("tests/pipeline/test_seats.py"),
            *_all("tests/pipeline/test_report.py"),
        ),
    ),
    Scenario(
        "F20",
        "processes are killed at any moment, while they capture",
        "what a capture has returned for is delivered, and only what was under way is sent twice",
        (
            *_all("tests/faults/test_killed.py"),
            *_all("tests/spool/test_store.py", "all_is_kept_when_the_process_is_killed"),
            *_all("tests/spool/test_store_machine.py"),
        ),
    ),
    Scenario(
        "F21",
        "the disk is full, fails, is read-only; the folder is deleted",
        "events are delivered from memory, and the disk is used again when it can be",
        (*_all("tests/faults/test_disk_fails.py"), *_all("tests/spool/test_own.py")),
    ),
    Scenario(
        "F22",
        "bits that flip, ends that are cut off, zeros, foreign bytes",
        "the file is set aside, and what can be read is delivered",
        (
            *_all(
                "tests/spool/test_orphans.py",
                "no_damage_takes_more_than_what_it_hit",
                "what_can_be_read_of_a_damaged_file_is_saved",
                "what_is_not_believed_is_dropped_and_counted",
            ),
            *_all("tests/spool/test_store.py", "what_is_no_database_is_damaged"),
        ),
    ),
    Scenario(
        "F23",
        "links, other owners, places where others may write, hostile rows",
        "refused, or dropped and counted; no key and no address is at rest",
        (
            *_all("tests/spool/test_folder.py"),
            *_all(
                "tests/spool/test_store.py",
                "a_row_that_we_would_not_have_written_is_not_believed",
                "a_file_with_triggers_of_someone_elses_is_not_opened",
            ),
        ),
    ),
    Scenario(
        "F24",
        "several processes in one folder, and one of them ends",
        "each file has one owner, and another adopts it; nothing is sent twice",
        (*_all("tests/faults/test_next_start.py"), *_all("tests/spool/test_lock.py")),
    ),
    Scenario(
        "F25",
        "forks: of what is queued, under way, in TLS; without hooks; `spawn`",
        "each process sends its own, once, on its own connections",
        (
            *_all("tests/process/test_fork.py"),
            *_all("tests/process/test_multiprocessing.py"),
            *_all("tests/process/test_requests.py", "a_forked_child_sends_its_own_on_connections_of_its_own"),
            *_all(
                "tests/process/test_runtimes_exit.py",
                "a_fork_before_the_loop",
                "a_fork_in_the_middle_of_deliveries",
                "a_child_that_goes_on_with_its_hub_leaves_the_parents_deliveries_alone",
            ),
            *_all("tests/process/test_gunicorn.py"),
            *_all("tests/process/test_uwsgi.py"),
            *_all("tests/process/test_celery.py"),
        ),
    ),
    Scenario(
        "F26",
        "the program ends, and the server is slow or dead",
        "it ends in time, with one line, and the rest is counted",
        (
            *_all(
                "tests/process/test_exit.py",
                "a_server_that_does_not_answer_holds_the_exit_up_for_no_longer_than_allowed",
                "several_clients_of_silent_servers_wait_side_by_side_and_say_so_once",
                "a_server_that_is_merely_slow_gets_everything",
                "a_dead_server_holds_the_exit_up_for_no_longer_than_allowed",
                "an_exit_without_stderr_is_none_the_worse",
                "after_close_the_exit_waits_for_nothing",
            ),
            *_all(
                "tests/process/test_runtimes_exit.py",
                "a_server_that_does_not_answer_holds_the_exit_up_for_no_longer_than_allowed",
            ),
            *_all("tests/pipeline/test_queue_exit.py"),
        ),
    ),
    Scenario(
        "F27",
        "captures in exit handlers, and when the main thread has ended",
        "delivered, and no traceback",
        (
            *_all(
                "tests/process/test_exit.py",
                "what_an_exit_handler_captures_is_delivered",
                "what_a_thread_captures_after_the_main_thread_has_ended_is_delivered",
                "at_exit_the_connections_are_still_there",
            ),
            *_all(
                "tests/process/test_runtimes_exit.py",
                "a_program_that_captures_and_ends",
                "a_program_whose_loop_never_runs",
            ),
        ),
    ),
    Scenario(
        "F28",
        "SIGTERM, SIGINT, Ctrl-C while it waits",
        "handlers go first, what is queued is delivered, the second Ctrl-C ends it",
        (
            *_all("tests/process/test_signals.py"),
            *_all("tests/process/test_exit.py", "ctrl_c_ends_the_wait_at_once_and_quietly"),
            *_all("tests/process/test_runtimes_exit.py", "ctrl_c", "a_signal_handler_that_exits_while_a_worker_works"),
            *_all("tests/process/test_gunicorn.py"),
        ),
    ),
    Scenario(
        "F29",
        "captures in signal handlers, `__del__`, hooks and log handlers, in the middle of others",
        "no deadlock, and each is counted",
        (
            *_all("tests/process/test_signals.py", "captures_in_a_signal_handler_that_interrupts_captures"),
            *_all(
                "tests/pipeline/test_queue_threads.py",
                "a_signal_handler_or_a_finalizer_that_sends_in_the_middle_of_a_send_blocks_nothing",
                "a_stack_that_is_entered_again_by_its_own_sink_goes_on",
            ),
            *_all(
                "tests/test_ledger.py",
                "a_signal_handler_or_a_finalizer_that_counts_in_the_middle_of_a_move_is_counted",
                "a_ctrl_c_in_the_middle_of_a_move_loses_none_and_doubles_none",
            ),
            *_all(
                "tests/capture/test_hooks.py",
                "what_ends_the_program_is_fatal",
                "what_ends_a_thread",
                "what_can_not_be_raised",
                "what_can_not_be_raised_because_of_a_capture_does_not_go_round",
            ),
            *_all(f"{_CONFORMANCE}test_busy.py", "what_a_handler_of_log_lines_captures_is_delivered"),
        ),
    ),
    Scenario(
        "F30",
        "all that is logged is captured, and deliveries fail",
        "no event of our own making, one line a minute",
        (
            *_all("tests/faults/test_logging_goes_round.py"),
            *_all(
                "tests/handlers/test_logging.py",
                "a_transport_that_logs_errors_does_not_go_round",
                "what_urllib3_logs_while_it_delivers_is_not_captured",
                "an_exit_does_not_hang_when_what_fails_is_logged_as_well",
            ),
            *_all("tests/test_own_log.py"),
        ),
    ),
    Scenario(
        "F31",
        "gevent and Eventlet, patched and not, and no answer",
        "the hub goes round, workers are bounded",
        (*_all("tests/transport/test_green.py"), *_all("tests/process/test_monkey_patched.py")),
    ),
    Scenario(
        "F32",
        "loops that stop, are closed or never run; other threads, other loops",
        "each event is settled once, and no task is left",
        (
            *_all("tests/transport/test_loops.py"),
            *_all("tests/process/test_runtimes_exit.py"),
            *_all("tests/pipeline/test_queue_loops.py"),
            *_all("tests/pipeline/test_queue_helper.py"),
        ),
    ),
    Scenario(
        "F33",
        "proxies that refuse, hang or can't be used; `NO_PROXY`",
        "the right way or an error, never past the proxy",
        (
            *_all(f"{_CONFORMANCE}test_proxied.py"),
            *_all("tests/sinks/test_proxy.py"),
            *_all("tests/sinks/test_proxy_environment.py"),
        ),
    ),
    Scenario(
        "F34",
        "keys, projects and options that would alter what is sent",
        "refused at once, in words that do not quote them",
        (
            *_all("tests/test_dsn.py"),
            *_all("tests/test_options.py", "text_that_is_not_accepted_is_named_by_its_option_and_not_shown"),
            *_all("tests/sinks/test_http11.py", "a_request_does_not_take_what_would_not_stay_in_its_line"),
            *_all("tests/pipeline/test_sign.py"),
        ),
    ),
    Scenario(
        "F35",
        "stages, callbacks and values that fail in every way",
        "the event is counted once, and the next one is delivered",
        (
            *_all("tests/faults/test_stage_fails.py"),
            *_all("tests/pipeline/test_serialize.py"),
            *_all(
                "tests/pipeline/test_queue.py",
                "a_worker_survives_whatever_a_stage_raises",
                "a_worker_survives_a_stage_that_awaits_something_foreign",
            ),
            *_all(
                "tests/pipeline/test_bound.py",
                "a_broken_stage_is_counted_and_never_raises",
                "a_stage_that_fails_after_the_queue_has_the_event_does_not_settle_it_twice",
                "what_is_meant_for_the_program_reaches_it_and_is_counted",
            ),
            *_all("tests/test_ledger.py", "an_observer_that_raises_harms_nobody"),
            *_all("tests/test_client_never_raises.py"),
        ),
    ),
    Scenario(
        "F36",
        "all of it at random, for a long time, and the clock is set",
        "the books balance; threads, files and memory are back",
        (
            *_all("tests/pipeline/test_queue_machine.py"),
            *_all("tests/pipeline/test_stack_machine.py"),
            *_all("tests/soak/test_soak.py"),
        ),
    ),
)
