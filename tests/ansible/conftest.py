"""One control node for all tests of this folder."""

from __future__ import annotations

import pytest

from tests.ansible.control import Control, control


@pytest.fixture(scope="session")
def node() -> Control:
    return control()
