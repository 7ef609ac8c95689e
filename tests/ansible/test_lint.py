"""The playbooks read well: yamllint, and ansible-lint with its profile for production."""

from __future__ import annotations

import pytest

from tests.ansible.control import Control


def test_yamllint_finds_nothing(node: Control) -> None:
    said = node.run("-m", "yamllint", "--strict", ".")
    assert (said.code, said.text) == (0, "")


@pytest.mark.timeout(600)
def test_ansible_lint_finds_nothing_in_the_production_profile(node: Control) -> None:
    said = node.run("-m", "ansiblelint", "--offline", "--nocolor", "--profile", "production")
    assert said.code == 0, said.text
    assert "0 failure(s), 0 warning(s)" in said.words
