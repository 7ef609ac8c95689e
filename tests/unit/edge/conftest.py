"""What tests of the edge share."""

from collections.abc import Iterator

import pytest

from tests.unit.edge.real import Turning


@pytest.fixture
def turning() -> Iterator[Turning]:
    """A real reactor."""
    reactor = Turning()
    yield reactor
    reactor.close()
