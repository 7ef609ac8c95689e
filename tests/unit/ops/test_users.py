"""The verbs about accounts and tokens: what they do to the store, say, and refuse."""

import io
import json
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace

import pytest

from chatd.auth.passwords import Passwords
from chatd.auth.tokens import token_id
from chatd.core.audit import Deed
from chatd.core.log import Account, Alike
from chatd.core.ports import NameTaken, StoreFailed, StoreFull
from chatd.ops import hooks, users
from chatd.ops.users import Denied, Desk, asking
from chatd.store.memory import MemoryStore
from tests.unit.auth.hops import finish, here
from tests.unit.store.examples import make_room

PASSWORD = "correct horse"
SECONDS = 1_700_000_000


class Office:
    """A desk over a reference store, and somebody who types PASSWORD."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.types = PASSWORD
        self.asked: list[str] = []
        self.out = io.StringIO()
        self.err = io.StringIO()
        self.desk = Desk(
            self.store, finish, self.out, self.err, self._ask, 10, lambda: SECONDS * 1000
        )

    def _ask(self, name: str) -> str:
        self.asked.append(name)
        return self.types

    def does(self, verb: Callable[[Namespace, Desk], int], **args: object) -> str:
        """What a verb prints, when it is carried out."""
        assert verb(self._with(args), self.desk) == 0, self.err.getvalue()
        return self._printed(self.out)

    def refuses(self, verb: Callable[[Namespace, Desk], int], **args: object) -> str:
        """What a verb complains of, when it is not."""
        assert verb(self._with(args), self.desk) == 1
        assert self.out.getvalue() == ""
        return self._printed(self.err)

    def _with(self, args: dict[str, object]) -> Namespace:
        self._printed(self.out)
        self._printed(self.err)
        return Namespace(**{"operator": False, "json": False, "label": "", **args})

    @staticmethod
    def _printed(stream: io.StringIO) -> str:
        text = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        return text

    def account(self, name: str) -> Account:
        account = finish(self.store.account(name))
        assert account is not None
        return account

    def knows(self, name: str, password: str) -> bool:
        return finish(Passwords(here, 10).matches(self.account(name).password, password))

    def new_token(self, **args: object) -> str:
        return self.does(users.token_add, name="ann", **args).strip()


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def ann(office: Office) -> Office:
    office.does(users.add, name="ann")
    return office


def test_a_user_is_made_under_the_prepared_name(office: Office) -> None:
    assert office.does(users.add, name="Ann") == "made user ann\n"
    account = office.account("ann")
    assert account.user_id.startswith("u")
    assert not account.operator
    assert not account.disabled
    assert office.knows("ann", PASSWORD)
    assert office.asked == ["ann"]


def test_an_operator_is_made_when_asked_for(office: Office) -> None:
    assert office.does(users.add, name="root", operator=True) == "made operator root\n"
    assert office.account("root").operator


def test_a_name_that_is_there_is_refused_before_a_password_is_typed(ann: Office) -> None:
    assert ann.refuses(users.add, name="ANN") == (
        "chatd: there is a user ann already: `chatd user passwd` sets a new password\n"
    )
    assert ann.asked == ["ann"]


def test_a_name_that_looks_like_another_is_refused(office: Office) -> None:
    office.does(users.add, name="bill")
    assert office.refuses(users.add, name="bi11") == (
        "chatd: bi11 looks like bill, who is there already: choose another name\n"
    )


def test_a_name_taken_while_the_password_was_typed_is_refused_too(office: Office) -> None:
    finish(make_room(office.store))
    plain = office.desk

    def makes_a_hook(name: str) -> str:
        office.desk = plain
        office.does(hooks.add, room="lobby", name=name)
        return PASSWORD

    def makes_a_user(name: str) -> str:
        office.desk = plain
        office.does(users.add, name=name)
        return PASSWORD

    office.desk = replace(plain, ask=makes_a_hook)
    told = office.refuses(users.add, name="robot")
    assert told.endswith("chatd: robot is, or looks like, the hook robot: choose another name\n")
    assert finish(office.store.account("robot")) is None
    office.desk = replace(plain, ask=makes_a_user)
    assert "there is a user ann already" in office.refuses(users.add, name="ann")


def test_a_name_that_was_taken_for_a_moment_only_is_refused(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def taken(*_: object, deed: Deed) -> None:
        raise NameTaken("anna")

    monkeypatch.setattr(office.store, "add_account", taken)
    assert "ann looks like anna, who came just now" in office.refuses(users.add, name="ann")


def test_a_hook_gets_no_name_of_a_user_that_was_made_just_now(
    ann: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody(_: object) -> Alike:
        return Alike()

    finish(make_room(ann.store))
    monkeypatch.setattr(ann.store, "look_alike", nobody)
    told = ann.refuses(hooks.add, room="lobby", name="Ann")
    assert told == "chatd: ann is, or looks like, the user ann: choose another name\n"
    assert finish(ann.store.hooks()) == []


def test_a_bad_name_is_refused_with_the_reason(office: Office) -> None:
    assert "user name 'a b'" in office.refuses(users.add, name="a b")
    assert office.asked == []


def test_a_password_that_is_too_short_is_refused(office: Office) -> None:
    office.types = "short"
    assert office.refuses(users.add, name="ann") == (
        "chatd: the password has 5 characters; use 8 to 1024\n"
    )
    assert finish(office.store.accounts()) == []


def test_a_new_password_replaces_the_old_and_ends_sessions(ann: Office) -> None:
    ann.types = "another horse"
    assert ann.does(users.passwd, name="Ann").startswith("ann has a new password")
    assert ann.knows("ann", "another horse")
    assert not ann.knows("ann", PASSWORD)
    (revocation,) = finish(ann.store.revocations(0))
    assert revocation.user_id == ann.account("ann").user_id


@pytest.mark.parametrize("verb", [users.passwd, users.disable, users.enable, users.token_add])
def test_who_is_not_there_is_said_so(
    office: Office, verb: Callable[[Namespace, Desk], int]
) -> None:
    assert office.refuses(verb, name="bob") == (
        "chatd: there is no user bob: `chatd user list` shows all\n"
    )
    assert office.asked == []


def test_an_account_is_disabled_and_enabled(ann: Office) -> None:
    assert ann.does(users.disable, name="ann").startswith("ann is disabled")
    assert ann.account("ann").disabled
    assert ann.does(users.enable, name="ann").startswith("ann may log in")
    assert not ann.account("ann").disabled


def test_accounts_are_listed_by_name_for_people(office: Office) -> None:
    office.does(users.add, name="zoe", operator=True)
    office.does(users.add, name="ann")
    office.does(users.disable, name="ann")
    assert office.does(users.list_).splitlines() == [
        "NAME  ROLE      STATE",
        "ann   user      disabled",
        "zoe   operator  active",
    ]


def test_accounts_are_listed_for_programs_and_no_hash_with_them(ann: Office) -> None:
    text = ann.does(users.list_, json=True)
    assert json.loads(text) == [{"name": "ann", "operator": False, "disabled": False}]


def test_an_empty_list_says_what_to_do_but_is_no_failure(ann: Office, office: Office) -> None:
    assert Office().does(users.list_) == ""
    assert json.loads(Office().does(users.list_, json=True)) == []
    assert ann.does(users.token_list, name="ann") == ""
    assert "has no tokens" in office.err.getvalue()


def test_a_token_goes_alone_to_standard_output(ann: Office) -> None:
    text = ann.new_token(label="backup bot")
    known = token_id(text)
    assert known is not None
    assert text not in ann.err.getvalue()
    assert known in ann.err.getvalue()


def test_tokens_are_listed_without_their_secret(ann: Office) -> None:
    text = ann.new_token(label="backup bot")
    lines = ann.does(users.token_list, name="ann").splitlines()
    assert lines == [
        "ID            CREATED               LABEL",
        f"{token_id(text)}  2023-11-14T22:13:20Z  backup bot",
    ]
    assert json.loads(ann.does(users.token_list, name="ann", json=True)) == [
        {"id": token_id(text), "label": "backup bot", "created": "2023-11-14T22:13:20Z"}
    ]


def test_a_token_for_a_disabled_account_is_refused(ann: Office) -> None:
    ann.does(users.disable, name="ann")
    assert "`chatd user enable ann` first" in ann.refuses(users.token_add, name="ann")


@pytest.mark.parametrize("label", ["x" * 65, "two\nlines", "\u202eright", "\x1b[31m"])
def test_a_label_that_could_harm_a_screen_is_refused(ann: Office, label: str) -> None:
    assert "a label has at most 64" in ann.refuses(users.token_add, name="ann", label=label)


@pytest.mark.parametrize("whole", [True, False])
def test_a_token_is_revoked_by_its_id_or_by_itself(ann: Office, whole: bool) -> None:
    text = ann.new_token()
    given = text if whole else token_id(text)
    assert f"token {token_id(text)} is revoked" in ann.does(users.token_revoke, token_id=given)
    assert ann.refuses(users.token_revoke, token_id=given) == (
        f"chatd: there is no token {token_id(text)}: it may be revoked already\n"
    )


def test_what_is_no_token_is_not_repeated_on_the_screen(ann: Office) -> None:
    half = ann.new_token()[:-1]
    assert half not in ann.refuses(users.token_revoke, token_id=half)


@pytest.mark.parametrize("trouble", [StoreFull("the disk is full"), StoreFailed("the disk broke")])
def test_trouble_of_the_store_is_told(ann: Office, trouble: StoreFull | StoreFailed) -> None:
    ann.store.trouble = trouble
    said = ann.refuses(users.disable, name="ann")
    assert said == f"chatd: the store refused: {trouble}; nothing was changed\n"


# --- where a password comes from ---


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_at_a_terminal_a_password_is_typed_twice_and_unseen() -> None:
    prompts: list[str] = []

    def hidden(prompt: str) -> str:
        prompts.append(prompt)
        return PASSWORD

    assert asking(Terminal("not read"), hidden)("ann") == PASSWORD
    assert prompts == ["New password for ann: ", "The same again: "]


def test_two_different_passwords_are_refused() -> None:
    typed = iter(["one password", "another password"])
    with pytest.raises(Denied, match="differ"):
        asking(Terminal(), lambda _: next(typed))("ann")


def test_an_empty_password_is_not_asked_for_twice() -> None:
    typed = iter([""])
    assert asking(Terminal(), lambda _: next(typed))("ann") == ""


@pytest.mark.parametrize("text", ["correct horse\nmore\n", "correct horse\r\n", "correct horse"])
def test_without_a_terminal_it_is_the_first_line_of_standard_input(text: str) -> None:
    assert asking(io.StringIO(text))("ann") == PASSWORD


def test_no_line_at_all_is_refused() -> None:
    with pytest.raises(Denied, match="standard input"):
        asking(io.StringIO(""))("ann")
