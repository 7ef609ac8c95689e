"""Masking: in C where that is there, and the same without it."""

from __future__ import annotations

import sys
from importlib import reload

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets import speedups, utils

from chatd.core import masking

KEYS = st.binary(min_size=4, max_size=4)


@given(payload=st.binary(max_size=300), key=KEYS)
def test_each_byte_is_masked_with_its_turn_of_the_key(payload: bytes, key: bytes) -> None:
    wanted = bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))
    assert masking.masked(payload, key) == wanted
    assert masking.masked(wanted, key) == payload


def test_it_is_done_in_c_here() -> None:
    assert masking.masked is speedups.apply_mask


def test_without_the_c_function_it_is_done_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "websockets.speedups", None)
        assert reload(masking).masked is utils.apply_mask
        test_each_byte_is_masked_with_its_turn_of_the_key()
    reload(masking)
