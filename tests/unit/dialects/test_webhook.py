"""What programs post to a hook becomes a text, or a refusal that says what is wrong."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.errors import Refused
from chatd.dialects.webhook import said

MOST = 2000


def alert(status: str = "firing", name: str = "HostDown", **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "severity": "critical", "instance": "db1:9100"},
        "annotations": {"summary": "no answer for 5 minutes"},
        "startsAt": "2026-11-25T20:00:00Z",
        "generatorURL": "http://prometheus.example/graph?g0.expr=up",
        "fingerprint": "c0ffee",
    } | more


def group(*alerts: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(
        {
            "version": "4",
            "groupKey": "{}:{}",
            "truncatedAlerts": 0,
            "status": "firing",
            "receiver": "chat",
            "groupLabels": {"alertname": "HostDown"},
            "externalURL": "http://alertmanager.example",
            "alerts": alerts,
        }
        | more
    ).encode()


def test_a_text_is_said_as_it_is() -> None:
    assert said(b'{"text": "deploy\\ndone", "attachments": [1]}', MOST) == "deploy\ndone"
    assert said(b'{"text": "done", "username": "ci"}', MOST) == "ci: done"


def test_one_alert_says_all_that_one_needs() -> None:
    assert said(group(alert()), MOST).splitlines() == [
        "🔥 HostDown: 1 firing",
        "🔥 [critical] db1:9100: no answer for 5 minutes",
        "http://prometheus.example/graph?g0.expr=up",
    ]


def test_a_group_is_one_message() -> None:
    other = alert("resolved", "DiskFull", annotations={"description": "the disk\nis full"})
    assert said(group(alert(), other, truncatedAlerts=3), MOST).splitlines() == [
        "🔥 HostDown, DiskFull: 1 firing, 1 resolved, 3 not told",
        "🔥 [critical] db1:9100: no answer for 5 minutes",
        "✅ [critical] db1:9100: the disk is full",
        "http://alertmanager.example",
    ]


def test_an_alert_without_anything_has_a_line() -> None:
    bare = {"status": "resolved", "labels": {}, "annotations": {}}
    assert said(group(bare, externalURL="javascript:x"), MOST) == "✅ alert: 1 resolved\n✅ alert"


def test_a_large_group_is_cut_and_says_so() -> None:
    text = said(group(*[alert() for _ in range(500)]), MOST)
    assert len(text.encode()) <= MOST
    assert text.splitlines()[0] == "🔥 HostDown: 500 firing"
    assert text.splitlines()[-2].endswith("more")
    assert text.splitlines()[-1] == "http://alertmanager.example"


@pytest.mark.parametrize(
    ("payload", "code", "why"),
    [
        (b"hello", "bad_frame", "not JSON"),
        (b"\xff", "bad_frame", "not JSON"),
        (b"[" * 100_000, "bad_frame", "not JSON"),
        (b"[1]", "bad_frame", "not a JSON object"),
        (b"{}", "bad_field", 'neither a "text" nor "alerts"'),
        (b'{"text": 7}', "bad_field", "text: expected"),
        (b'{"alerts": [{"status": 1}]}', "bad_field", "alerts"),
        (b'{"alerts": [], "version": "4"}', "empty", "nothing to say"),
        (b'{"alerts": [{"status": "firing"}], "version": "3"}', "bad_field", "version"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_is_wrong(
    payload: bytes, code: str, why: str
) -> None:
    with pytest.raises(Refused) as refused:
        said(payload, MOST)
    assert refused.value.code.word == code
    assert why in refused.value.message


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda each: (
        st.lists(each, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "alerts", "status", "labels", "annotations", "version"]),
            each,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSONS)
def test_any_json_is_a_text_or_a_refusal(found: object) -> None:
    with suppress(Refused):
        assert isinstance(said(json.dumps(found).encode(), MOST), str)
