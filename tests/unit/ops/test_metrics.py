"""The page of metrics: what is on it from the start, and what each meter changes there."""

import gc
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from chatd.auth.threads import AuthMeter
from chatd.core.commands import EVERY
from chatd.core.ports import Meter
from chatd.core.settings import Settings
from chatd.dialects import all_dialects
from chatd.edge import ports as edge
from chatd.ops.metrics import Metrics
from chatd.ops.metrics_board import Board
from chatd.ops.metrics_catalogue import CATALOGUE, OTHER, Row
from chatd.ops.metrics_reference import reference
from chatd.ops.metrics_values import Spread
from chatd.store import StoreMeter

DIALECTS = ("json", "text")
BUILD = {"version": "1.2", "python": "3.11", "autobahn": "26", "twisted": "25", "sqlite": "3.26"}
GIVEN = {"dialect": DIALECTS, **{name: (value,) for name, value in BUILD.items()}}
DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(dialects=DIALECTS, build=BUILD, started=1700.5)


def samples(metrics: Metrics) -> dict[str, float]:
    """The page's lines: ``name{label="value"}`` and what it is."""
    page, kind = metrics.render()
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    lines = (line.rpartition(" ") for line in page.decode().splitlines() if line[0] != "#")
    return {name: float(value) for name, _, value in lines}


def series(row: Row, labels: tuple[str, ...], suffix: str = "") -> str:
    names = (label.name for label in row.labels)
    inside = ",".join(sorted(f'{n}="{v}"' for n, v in zip(names, labels, strict=True)))
    return row.name + suffix + (f"{{{inside}}}" if inside else "")


def changes(metrics: Metrics, call: Callable[[], None]) -> dict[str, float]:
    """What of chatd's own numbers a call changes, but for histograms' buckets."""
    before = samples(metrics)
    call()
    return {
        name.removeprefix("chatd_"): value
        for name, value in samples(metrics).items()
        if name.startswith("chatd_") and "_bucket{" not in name and value != before[name]
    }


def test_every_series_is_there_from_the_start(metrics: Metrics) -> None:
    page = samples(metrics)
    for row in CATALOGUE:
        for labels in row.children(GIVEN):
            if row.kind == "histogram":
                assert page[series(row, labels, "_count")] == page[series(row, labels, "_sum")] == 0
            elif row.name not in ("chatd_build_info", "chatd_start_time_seconds"):
                assert page[series(row, labels)] == 0


def test_what_runs_and_since_when_is_told_at_once(metrics: Metrics) -> None:
    page = samples(metrics)
    labels = ",".join(sorted(f'{name}="{value}"' for name, value in BUILD.items()))
    assert page[f"chatd_build_info{{{labels}}}"] == 1
    assert page["chatd_start_time_seconds"] == 1700.5


def test_the_process_and_python_are_on_the_page(metrics: Metrics) -> None:
    page = samples(metrics)
    assert page["process_resident_memory_bytes"] > 0
    assert page["process_open_fds"] > 0
    assert 'python_gc_collections_total{generation="2"}' in page
    assert any(name.startswith("python_info{") for name in page)


def test_names_follow_the_rules_of_prometheus() -> None:
    assert len({row.name for row in CATALOGUE}) == len(CATALOGUE)
    for row in CATALOGUE:
        assert row.name.startswith("chatd_")
        assert row.name.endswith("_total") == (row.kind == "counter"), row.name
        assert bool(row.buckets) == (row.kind == "histogram"), row.name
        assert list(row.buckets) == sorted(set(row.buckets)), row.name


def test_no_label_names_anybody_or_any_place() -> None:
    labels = {label.name for row in CATALOGUE for label in row.labels}
    assert not labels & {"user", "name", "room", "address", "session", "id", "host"}


def test_the_page_has_few_enough_series(metrics: Metrics) -> None:
    assert len(samples(metrics)) < 1100


# --- the meters ---


def test_a_session_is_counted_while_it_is_open(metrics: Metrics) -> None:
    assert changes(metrics, lambda: metrics.node.opened("text")) == {
        'sessions{dialect="text"}': 1,
        'sessions_opened_total{dialect="text"}': 1,
    }
    assert changes(metrics, lambda: metrics.node.closed("too_slow", "text")) == {
        'sessions{dialect="text"}': 0,
        'sessions_closed_total{reason="too_slow"}': 1,
    }


def test_an_acknowledged_message_is_counted_and_timed(metrics: Metrics) -> None:
    assert changes(metrics, lambda: metrics.node.acked(0.25)) == {
        "messages_in_total": 1,
        "ack_seconds_count": 1,
        "ack_seconds_sum": 0.25,
    }


def test_a_fan_out_counts_each_hearer(metrics: Metrics) -> None:
    assert changes(metrics, lambda: metrics.node.fanned_out(40, 0.5, 1)) == {
        "messages_out_total": 40,
        "fanout_hearers_count": 1,
        "fanout_hearers_sum": 40,
        "fanout_seconds_count": 1,
        "fanout_seconds_sum": 0.5,
    }


ONE_CALL: list[tuple[Callable[[Metrics], None], dict[str, float]]] = [
    (lambda m: m.node.login("token", "ok"), {'logins_total{kind="token",result="ok"}': 1}),
    (lambda m: m.node.heard("send"), {'commands_total{command="send"}': 1}),
    (lambda m: m.node.refused("rate_limited"), {'refused_total{code="rate_limited"}': 1}),
    (
        lambda m: m.node.resumed("recovered", 7),
        {'resumes_total{result="recovered"}': 1, "replayed_entries_total": 7},
    ),
    (
        lambda m: m.node.delivered(0.5, 1),
        {"delivery_seconds_count": 1, "delivery_seconds_sum": 0.5},
    ),
    (
        lambda m: m.node.undelivered("storage_full"),
        {'undelivered_total{code="storage_full"}': 1},
    ),
    (lambda m: m.node.gap_read(), {"gap_reads_total": 1}),
    (lambda m: m.node.rooms(3), {"rooms_loaded": 3}),
    (lambda m: m.node.people(5), {"users_online": 5}),
    (
        lambda m: m.edge.handshake("ok", 0.5),
        {'handshakes_total{result="ok"}': 1, "handshake_seconds_count": 1}
        | {"handshake_seconds_sum": 0.5},
    ),
    (lambda m: m.edge.handshake("full", 0.5), {'handshakes_total{result="full"}': 1}),
    (lambda m: m.edge.connections(9), {"connections": 9}),
    (lambda m: m.edge.received_frames.add(2), {"received_frames_total": 2}),
    (lambda m: m.edge.received_bytes.add(100), {"received_bytes_total": 100}),
    (lambda m: m.edge.frames_out(3), {"sent_frames_total": 3}),
    (lambda m: m.edge.bytes_out(300), {"sent_bytes_total": 300}),
    (lambda m: m.edge.writes(2), {"sent_writes_total": 2}),
    (lambda m: m.edge.flushed("delayed"), {'flushes_total{pace="delayed"}': 1}),
    (
        lambda m: m.edge.shortcut("turn_end", True),
        {'shortcut_active{shortcut="turn_end"}': 1},
    ),
    (lambda m: m.edge.agreed(), {"deflate_sessions_opened_total": 1}),
    (lambda m: m.edge.inflated(), {"deflate_received_frames_total": 1}),
    (
        lambda m: m.edge.deflated(0.5),
        {"deflate_seconds_count": 1, "deflate_seconds_sum": 0.5},
    ),
    (
        lambda m: m.edge.packed(3, 90),
        {"deflate_sent_frames_total": 3, "deflate_saved_bytes_total": 90},
    ),
    (lambda m: m.edge.outbox_bytes(64), {"outbox_bytes": 64}),
    (lambda m: m.edge.dropped("ephemeral", 4), {'outbox_dropped_total{kind="ephemeral"}': 4}),
    (lambda m: m.edge.slow_closed(), {"slow_sessions_closed_total": 1}),
    (
        lambda m: m.store.operation("append", 0.5),
        {'store_operation_seconds_count{operation="append"}': 1}
        | {'store_operation_seconds_sum{operation="append"}': 0.5},
    ),
    (
        lambda m: m.store.group(8, 0.5),
        {"store_group_size_count": 1, "store_group_size_sum": 8}
        | {"store_commit_seconds_count": 1, "store_commit_seconds_sum": 0.5},
    ),
    (lambda m: m.node.sanctions("ban", 3), {'sanctions{kind="ban"}': 3}),
    (lambda m: m.node.emergency(2), {"emergency_step": 2}),
    (lambda m: m.node.reports_open(4), {"reports_open": 4}),
    (lambda m: m.store.failure("full"), {'store_failures_total{kind="full"}': 1}),
    (lambda m: m.store.waiting(2), {"store_queue": 2}),
    (lambda m: m.auth.hashed(0.5), {"password_seconds_count": 1, "password_seconds_sum": 0.5}),
    (lambda m: m.auth.inside(2), {"password_queue": 2}),
    (lambda m: m.daemon.fault(), {"faults_total": 1}),
    (lambda m: m.daemon.draining(True), {"draining": 1}),
    (lambda m: m.daemon.schema(3), {"schema_version": 3}),
    (
        lambda m: m.daemon.ticked(0.5),
        {"reactor_tick_seconds_count": 1, "reactor_tick_seconds_sum": 0.5},
    ),
]


@pytest.mark.parametrize(("call", "expected"), ONE_CALL)
def test_one_call_changes_what_it_is_for_and_nothing_else(
    metrics: Metrics, call: Callable[[Metrics], None], expected: Mapping[str, float]
) -> None:
    assert changes(metrics, lambda: call(metrics)) == expected


def test_a_refused_reload_leaves_the_time_of_the_last_good_one(metrics: Metrics) -> None:
    assert changes(metrics, lambda: metrics.daemon.configured(50.0)) == {
        "config_last_reload_successful": 1,
        "config_last_reload_timestamp_seconds": 50,
    }
    assert changes(metrics, lambda: metrics.daemon.reloaded(False, 60.0)) == {
        "config_last_reload_successful": 0,
        'config_reloads_total{result="refused"}': 1,
    }
    assert changes(metrics, lambda: metrics.daemon.reloaded(True, 70.0)) == {
        "config_last_reload_successful": 1,
        "config_last_reload_timestamp_seconds": 70,
        'config_reloads_total{result="ok"}': 1,
    }


def test_a_word_that_is_on_no_list_is_counted_as_other(metrics: Metrics) -> None:
    def surprise() -> None:
        metrics.node.heard("dance")
        metrics.node.login("magic", "ok")
        metrics.store.operation("forget", 0.5)

    assert changes(metrics, surprise) == {
        'commands_total{command="other"}': 1,
        'logins_total{kind="other",result="other"}': 1,
        'store_operation_seconds_count{operation="other"}': 1,
        'store_operation_seconds_sum{operation="other"}': 0.5,
    }


def test_garbage_collections_are_timed_until_told_to_stop(metrics: Metrics) -> None:
    name = 'gc_pause_seconds_count{generation="2"}'

    def collect() -> None:
        gc.collect()

    metrics.pauses.start()
    try:
        assert changes(metrics, collect)[name] == 1
    finally:
        metrics.pauses.stop()
    assert name not in changes(metrics, collect)


# --- the lists are those of the rooms that use them ---


def words(metric: str, label: str) -> set[str]:
    (row,) = (row for row in CATALOGUE if row.name == metric)
    (values,) = (each.values for each in row.labels if each.name == label)
    assert len(set(values)) == len(values)
    return set(values)


def test_the_edges_words_are_on_the_lists() -> None:
    assert words("chatd_sessions_closed_total", "reason") == set(edge.CLOSE_REASONS)
    assert words("chatd_handshakes_total", "result") == set(edge.HANDSHAKE_RESULTS)
    assert words("chatd_flushes_total", "pace") == set(edge.PACES)
    assert words("chatd_shortcut_active", "shortcut") == set(edge.SHORTCUTS)
    assert words("chatd_outbox_dropped_total", "kind") == set(edge.DROP_KINDS)


def test_every_command_is_on_the_list_by_the_word_of_the_protocol() -> None:
    words_of_protocol = {command.__struct_config__.tag for command in EVERY}
    assert words("chatd_commands_total", "command") == words_of_protocol


def test_any_dialect_can_be_counted_without_a_change_here() -> None:
    dialects = all_dialects(Settings())
    metrics = Metrics(dialects=[*dialects, "irc"], build=BUILD, started=0)
    for name in [*dialects, "irc"]:
        assert samples(metrics)[f'chatd_sessions{{dialect="{name}"}}'] == 0


def test_each_meter_is_what_its_room_asks_for(metrics: Metrics) -> None:
    # What is asserted here is asserted by mypy: these assignments are of the right types.
    node: Meter = metrics.node
    outside: edge.EdgeMeter = metrics.edge
    store: StoreMeter = metrics.store
    auth: AuthMeter = metrics.auth
    assert len({id(each) for each in (node, outside, store, auth)}) == 4


# --- values ---


@pytest.mark.parametrize(
    ("value", "place"), [(0, 0), (1, 0), (1.001, 1), (5, 1), (10, 2), (10.001, 3), (1e9, 3)]
)
def test_a_value_is_counted_up_to_its_bound_and_in_all_above(value: float, place: int) -> None:
    spread = Spread((1.0, 5.0, 10.0))
    spread.observe(value)
    assert spread.read() == ([0] * place + [1] * (4 - place), value)


def test_a_board_shows_buckets_as_prometheus_reads_them() -> None:
    row = Row(name="chatd_x_seconds", kind="histogram", about="x", buckets=(0.5, 1.0))
    board = Board([row], {})
    board.spread("chatd_x_seconds").observe(0.75)
    (family,) = board.collect()
    shown = [(sample.name, sample.labels.get("le"), sample.value) for sample in family.samples]
    assert shown == [
        ("chatd_x_seconds_bucket", "0.5", 0),
        ("chatd_x_seconds_bucket", "1.0", 1),
        ("chatd_x_seconds_bucket", "+Inf", 1),
        ("chatd_x_seconds_count", None, 1),
        ("chatd_x_seconds_sum", None, 0.75),
    ]


def test_pages_drawn_while_values_change_never_contradict_themselves(metrics: Metrics) -> None:
    calls, pages = 20_000, list[bytes]()
    done = threading.Event()

    def draw() -> None:
        while not done.is_set():
            pages.append(metrics.render()[0])

    drawing = threading.Thread(target=draw)
    drawing.start()
    for _ in range(calls):
        metrics.node.acked(0.004)
        metrics.node.heard("send")
    done.set()
    drawing.join()
    pages.append(metrics.render()[0])
    counts = [_consistent_count(page) for page in pages]
    assert counts == sorted(counts)
    assert counts[-1] == calls


def _consistent_count(page: bytes) -> float:
    families = {each.name: each for each in text_string_to_metric_families(page.decode())}
    ack = families["chatd_ack_seconds"].samples
    buckets = [sample.value for sample in ack if sample.name.endswith("_bucket")]
    (count,) = (sample.value for sample in ack if sample.name.endswith("_count"))
    assert buckets == sorted(buckets)
    assert buckets[-1] == count
    return count


# --- for people ---


def test_the_document_is_what_the_code_says() -> None:
    assert DOCUMENT.read_text() == reference(), "run `make docs`"


def test_the_document_names_every_metric_and_every_value() -> None:
    text = reference()
    for row in CATALOGUE:
        assert f"### {row.name}\n" in text
        assert row.about in text
        for label in row.labels:
            assert all(f"`{value}`" in text for value in label.values)
    assert f"`{OTHER}`" in text


def test_promtool_finds_nothing_to_say(metrics: Metrics) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; it is in the package prometheus")
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=metrics.render()[0], capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
