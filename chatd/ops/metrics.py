"""The metrics of one running chatd: the meters for its rooms, and the page for Prometheus.
Which metrics there are is metrics_catalogue; who asks for the page is chatd/edge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from chatd.ops.metrics_board import Board
from chatd.ops.metrics_catalogue import CATALOGUE
from chatd.ops.metrics_host import HostMeter
from chatd.ops.metrics_meters import (
    AuthMeter,
    DaemonMeter,
    EdgeMeter,
    NodeMeter,
    RetentionMeter,
    StoreMeter,
)
from chatd.ops.metrics_pauses import Pauses


class Metrics:
    """``dialects`` by name; ``build``: the versions of chatd, python, autobahn, twisted and sqlite,
    by the labels of chatd_build_info; ``started``: seconds since 1970 UTC.

    The meters belong to the reactor's thread, ``render`` to any.
    """

    def __init__(
        self, *, dialects: Iterable[str], build: Mapping[str, str], started: float
    ) -> None:
        given = {name: (value,) for name, value in build.items()}
        board = Board(CATALOGUE, {"dialect": tuple(dialects), **given})
        (info,) = board.levels("chatd_build_info").values()
        info.set(1)
        board.level("chatd_start_time_seconds").set(started)
        self.node = NodeMeter(board)
        self.edge = EdgeMeter(board)
        self.store = StoreMeter(board)
        self.retention = RetentionMeter(board)
        self.auth = AuthMeter(board)
        self.daemon = DaemonMeter(board)
        self.pauses = Pauses(board)
        self.host = HostMeter(board)
        self._registry = CollectorRegistry()
        self._registry.register(board)
        GCCollector(self._registry)
        PlatformCollector(self._registry)
        ProcessCollector(registry=self._registry)

    def render(self) -> tuple[bytes, str]:
        """The page and its content type. Takes milliseconds: for a thread, not for the reactor."""
        self.host.look()
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4
