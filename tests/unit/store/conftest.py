"""The contract suite's stores: each async test here runs once for every implementation of the port.
A new implementation adds its way of opening to STORES, and nothing else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from chatd.core.ports import Store
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore
from chatd.store.sqlite.blocking import Run


class Runs(Protocol):
    def __call__(self, work: Coroutine[Any, Any, Any], /) -> Any: ...


def at_once(work: Coroutine[Any, Any, Any]) -> Any:
    """Drives a coroutine that must never suspend."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    work.close()
    raise AssertionError("the memory store suspended")


def memory(_path: Path) -> tuple[Store, Runs]:
    return MemoryStore(), at_once


def sqlite(path: Path) -> tuple[Store, Runs]:
    run = Run()
    return SqliteStore(path / "chatd.sqlite3", run.deliver), run


STORES: dict[str, Callable[[Path], tuple[Store, Runs]]] = {"memory": memory, "sqlite": sqlite}


@pytest.fixture(params=STORES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Runs]]:
    store, run = STORES[request.param](tmp_path)
    yield store, run
    run(store.close())


@pytest.fixture
def store(opened: tuple[Store, Runs]) -> Store:
    return opened[0]


@pytest.fixture
def run(opened: tuple[Store, Runs]) -> Runs:
    return opened[1]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs async tests with their store's own way of waiting."""
    if not inspect.iscoroutinefunction(pyfuncitem.function):
        return None
    wanted = inspect.signature(pyfuncitem.function).parameters
    run: Runs = pyfuncitem._request.getfixturevalue("run")
    run(pyfuncitem.function(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True
