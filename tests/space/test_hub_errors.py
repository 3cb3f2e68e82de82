"""What kind of failure the Hub's client raised, and how long the Hub asks to wait."""

from __future__ import annotations

import httpx2
import pytest
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalTokenNotFoundError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
)

from tagloop.hub_errors import LONGEST_PAUSE_SECONDS, kind_of, problem_of, retry_after_seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "1e9"}, 0),
        ({"Retry-After": "9" * 400}, LONGEST_PAUSE_SECONDS),
        ({"Retry-After": "soon"}, 0),
        # The server's own clock counts, however wrong ours is.
        (
            {
                "Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT",
                "Date": "Fri, 31 Dec 1999 23:59:29 GMT",
            },
            30,
        ),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0),
        ({"Retry-After": "Fri, 31 Dec 2999 23:59:59 GMT"}, LONGEST_PAUSE_SECONDS),
        # What huggingface.co sends; r is what is left of the quota, t when it begins anew.
        (
            {"RateLimit": '"api";r=0;t=55', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'},
            55,
        ),
        ({"RateLimit": '"api";r=3;t=55'}, 0),
        ({"RateLimit": '"api";r=0;t=5', "Retry-After": "9"}, 9),
    ],
)
def test_how_long_a_429_asks_to_wait(headers: dict[str, str], seconds: float) -> None:
    request = httpx2.Request("POST", "http://127.0.0.1/api")
    response = httpx2.Response(429, headers=headers, request=request)
    assert retry_after_seconds(HfHubHTTPError("slowly", response=response)) == seconds


def test_other_errors_ask_for_nothing() -> None:
    assert retry_after_seconds(TimeoutError()) == 0


def answered(status: int, kind: type[HfHubHTTPError] = HfHubHTTPError) -> HfHubHTTPError:
    request = httpx2.Request("POST", "http://127.0.0.1/api?token=secret")
    return kind("a signed address", response=httpx2.Response(status, request=request))


@pytest.mark.parametrize(
    ("error", "kind", "refused"),
    [
        (LocalTokenNotFoundError("no token"), "token", True),
        (answered(401), "token", True),
        (answered(401, RepositoryNotFoundError), "token", True),
        (answered(403), "forbidden", True),
        (answered(403, GatedRepoError), "forbidden", True),
        (answered(404, RepositoryNotFoundError), "no repository", True),
        (answered(404, RemoteEntryNotFoundError), "not found", False),  # may be a proxy's
        (answered(429), "too many requests", False),
        (answered(500), "error", False),
        (httpx2.ConnectError("refused"), "unreachable", False),
        (TimeoutError(), "unreachable", False),
        (KeyError("a bug"), None, False),
    ],
)
def test_every_failure_has_a_kind_and_a_sentence(
    error: Exception, kind: str | None, refused: bool
) -> None:
    assert kind_of(error) == kind
    problem = problem_of(error)
    assert problem.refused == refused
    assert problem.sentence.startswith("The Hub ") and "signed" not in problem.sentence
