"""Users and tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagloop.errors import UserError
from training.hub.accounts import Accounts


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    accounts.token_of("demo")
    assert accounts.path.stat().st_mode & 0o777 == 0o600


def test_tokens_survive_and_are_seen_by_other_processes(tmp_path: Path) -> None:
    accounts, other = Accounts(tmp_path), Accounts(tmp_path)
    token = accounts.token_of("demo")
    assert other.token_of("demo") == token
    read_only = accounts.create_token("demo", "read")
    caller = other.caller(read_only)
    assert caller is not None
    assert (caller.user, caller.role) == ("demo", "read")
    assert other.signing_key == accounts.signing_key


def test_nobody_has_an_unknown_token(tmp_path: Path) -> None:
    assert Accounts(tmp_path).caller("hf_unknown") is None


@pytest.mark.parametrize("user", ["", "a/b", "..", "api", "a b", "-a"])
def test_names_that_cannot_be_users_are_refused(tmp_path: Path, user: str) -> None:
    with pytest.raises(UserError):
        Accounts(tmp_path).create_token(user)


def test_unknown_roles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="role"):
        Accounts(tmp_path).create_token("demo", "admin")


@pytest.mark.parametrize("content", ["", "[", "5", "{}", '{"signing_key": "x", "tokens": 5}'])
def test_a_damaged_file_is_named_at_the_start_and_changes_nothing_later(
    tmp_path: Path, content: str
) -> None:
    accounts = Accounts(tmp_path)
    token = accounts.create_token("alice")
    assert accounts.caller(token) is not None
    accounts.path.write_text(content)
    found = accounts.caller(token)
    assert found is not None and found.user == "alice"
    with pytest.raises(UserError, match=r"tokens\.json is damaged"):
        Accounts(tmp_path).token_of("alice")
