"""Who may review: accounts of a real Space, and who knows the secret; nobody else."""

from __future__ import annotations

import pytest

from tagloop.corrections.review.access import ATTEMPTS_A_MINUTE, Access
from tagloop.errors import UserError

SECRET = "correct horse battery"
SPACE = {
    "SYSTEM": "spaces",
    "SPACE_ID": "Ann/space",
    "OAUTH_CLIENT_ID": "id",
    "OAUTH_CLIENT_SECRET": "secret",
}


def account(access: Access, name: str) -> str | None:
    return access.account(name)


def test_the_owner_reviews_or_who_is_listed() -> None:
    access = Access.of_space(None, None, SPACE)
    assert access.offered and not access.by_secret
    assert account(access, "ann") == "ann" and account(access, "bob") is None
    assert access.account(None) is None
    access = Access.of_space(" bob , Cleo,", None, SPACE)
    assert account(access, "cleo") == "cleo" and account(access, "Ann") is None


@pytest.mark.parametrize("missing", list(SPACE))
def test_accounts_count_nowhere_but_on_a_space_that_signs_people_in(missing: str) -> None:
    # Elsewhere gradio's sign-in is a mock-up, or its cookie is signed with nothing.
    access = Access.of_space("bob", None, {**SPACE, missing: ""})
    assert not access.offered and account(access, "bob") is None


def test_the_secret_lets_in_and_nothing_else_does() -> None:
    access = Access(secret=SECRET)
    assert access.offered and access.by_secret
    assert access.sign_in(SECRET, " Rita ", "v1") == "Rita (secret)"
    assert access.sign_in(SECRET, "", "v1") == "reviewer (secret)"
    for wrong in ("", "correct", SECRET.upper(), SECRET + " ", "\ud83d"):
        with pytest.raises(UserError, match="not the reviewers' secret"):
            access.sign_in(wrong, "", f"visitor {wrong!r}")
    with pytest.raises(UserError, match="not the reviewers' secret"):
        Access().sign_in("", "", "v")


def test_attempts_are_limited_of_one_visitor_and_of_all() -> None:
    access = Access(secret=SECRET)
    for _ in range(ATTEMPTS_A_MINUTE):
        with pytest.raises(UserError, match="not the reviewers"):
            access.sign_in("wrong", "", "v1")
    with pytest.raises(UserError, match="more than 5 attempts a minute"):
        access.sign_in(SECRET, "", "v1")  # not even with the right one
    with pytest.raises(UserError, match="attempts of all visitors"):
        for number in range(60):
            try:
                access.sign_in("wrong", "", f"other {number}")
            except UserError as error:
                if "reviewers' secret" not in str(error):
                    raise


def test_a_short_secret_is_refused_at_start() -> None:
    with pytest.raises(UserError, match="has 5 characters; it needs at least 12"):
        Access(secret="short")
