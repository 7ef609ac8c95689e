"""Who logs in: a guest, an account with its password, or a bot with its token.
When it happens, and with which positions, is conversation.py's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chatd.core.commands import Login, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The fields of `login`. None of them: a guest whose name the server chooses.

    Raises ValueError for a mixture.
    """

    guest: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        ways = (self.guest, self.user or self.password, self.token)
        if sum(way is not None for way in ways) > 1:
            raise ValueError("log in as guest=, or with user= and password=, or with token=")
        if (self.user is None) is not (self.password is None):
            raise ValueError("an account logs in with both user= and password=")

    @property
    def is_guest(self) -> bool:
        """Whether it is nobody's account."""
        return self.user is None and self.token is None

    def login(self, guest_token: str | None, resume: Mapping[str, Position]) -> Login:
        """The command. ``guest_token`` brings a guest's name and rooms back."""
        return Login(
            guest=self.guest,
            guest_token=guest_token if self.is_guest else None,
            user=self.user,
            password=self.password,
            token=self.token,
            resume=dict(resume),
        )
