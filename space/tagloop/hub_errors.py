"""What a failed call to the Hub means: its kind, in words for a Space's owner, in seconds to wait.

`kind_of` is the one place that reads the client's exceptions; publishing has words of its own for
the same kinds.
"""

from email.utils import formatdate, parsedate_to_datetime
from typing import Literal, NamedTuple

import httpx2
from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalTokenNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import parse_ratelimit_headers

LONGEST_PAUSE_SECONDS = 3600.0
"""More than that is a mistake, of the server or of a clock, and would look like an end."""

Kind = Literal[
    "token",  # none, or one that the Hub does not know
    "forbidden",  # a token that may not do this
    "no repository",  # or none that the token may see
    "not found",  # a file or revision, or a proxy's answer
    "too many requests",
    "error",  # any other answer
    "unreachable",
]

CONTENT_REFUSALS = frozenset({400, 413, 415, 422})
"""Answers to a commit that may be meant for what is in it, so that less of it may be taken:
malformed (400: the Hub's own word for a path, a card or a file that it does not want), too large
(413), of a kind that is not taken (415), not to be processed (422). No other answer speaks of the
content: 401 and 403 are the token's (403 a full quota's, too), 404 the dataset's, 408, 425 and 429
ask for time, 409 and 412 tell of another commit, 451 closes the whole dataset, and 5xx is the Hub's
own trouble."""


class HubProblem(NamedTuple):
    """What went wrong, for the owner of a Space.

    Attributes:
        sentence: Our own words: an exception's text may hold signed addresses.
        refused: Whether the Hub refused for good: waiting does not help.
    """

    sentence: str
    refused: bool


def kind_of(error: BaseException) -> Kind | None:
    """Returns what kind of failure an exception of the Hub's client is; None of any other."""
    if isinstance(error, LocalTokenNotFoundError):
        return "token"
    if not isinstance(error, HfHubHTTPError):
        away = isinstance(error, ConnectionError | TimeoutError | httpx2.TransportError)
        return "unreachable" if away else None
    status = status_of(error)
    if status == 401:
        return "token"
    if status == 403:
        return "forbidden"
    if isinstance(error, RepositoryNotFoundError):
        return "no repository"
    if status == 404:
        return "not found"
    return "too many requests" if status == 429 else "error"


def status_of(error: HfHubHTTPError) -> int:
    """Returns the HTTP status that the Hub answered with; 0 if that is not known."""
    return error.response.status_code if error.response is not None else 0


def refuses_content(error: HfHubHTTPError) -> bool:
    """Tells whether a refused commit may have been refused for what is in it."""
    # 404 has a class of its own for some reasons, which the Hub also gives with other statuses.
    return status_of(error) in CONTENT_REFUSALS and kind_of(error) == "error"


def problem_of(
    error: BaseException,
    access: Literal["read", "write"] = "read",
    repo: Literal["dataset", "model"] = "dataset",
) -> HubProblem:
    """Returns what to tell the owner of a Space about a failed call to the Hub.

    Args:
        error: What the client raised.
        access: What the token was to do.
        repo: With what.
    """
    match kind_of(error):
        case "token":
            return HubProblem(
                "The Hub does not accept the token (401): set the secret HF_TOKEN to a valid one.",
                True,
            )
        case "forbidden":
            verb = "write to" if access == "write" else "read"
            return HubProblem(
                f"The Hub does not let the token {verb} the {repo} (403): it needs {access} "
                "access.",
                True,
            )
        case "no repository":
            return HubProblem(f"The Hub does not show the {repo} to the token (404).", True)
        case "too many requests":
            return HubProblem("The Hub asks for a pause, too many requests (429).", False)
    if isinstance(error, HfHubHTTPError):
        return HubProblem(f"The Hub answers with an error ({status_of(error)}).", False)
    name = type(error).__name__
    return HubProblem(
        f"The Hub cannot be reached, or does not answer as it should ({name}).", False
    )


def retry_after_seconds(error: BaseException) -> float:
    """Returns how long the server asked to wait, in seconds; 0 if it did not.

    ``Retry-After`` holds seconds or a date, which is compared with the server's own ``Date``: our
    clock may be wrong. The Hub itself tells with ``RateLimit`` when its quota begins anew.
    Source: RFC 9110, section 10.2.3; draft-ietf-httpapi-ratelimit-headers-09.
    """
    if not isinstance(error, HfHubHTTPError):
        return 0.0
    headers = error.response.headers
    asked = _seconds(headers.get("Retry-After", ""), headers.get("Date") or formatdate(usegmt=True))
    limit = parse_ratelimit_headers(headers)
    if status_of(error) == 429 and limit is not None and limit.remaining == 0:
        asked = max(asked, float(limit.reset_in_seconds))
    return min(asked, LONGEST_PAUSE_SECONDS)


def _seconds(value: str, now: str) -> float:
    value = value.strip()
    try:
        if value.isdigit():
            return float(value)
        waited_for = parsedate_to_datetime(value) - parsedate_to_datetime(now)
        return max(0.0, waited_for.total_seconds())
    except (ValueError, TypeError):  # no date, or one without a zone beside one with it
        return 0.0
