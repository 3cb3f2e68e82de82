"""What a failed call to the Hub means, in words for people and in seconds to wait."""

from email.utils import formatdate, parsedate_to_datetime

from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.utils import parse_ratelimit_headers

LONGEST_PAUSE_SECONDS = 3600.0
"""More than that is a mistake, of the server or of a clock, and would look like an end."""

REFUSALS = {
    401: "The Hub does not accept the token (401): set the secret HF_TOKEN to a valid one.",
    403: "The Hub does not let the token write to the dataset (403): it needs write access.",
}


class PublicDatasetError(Exception):
    """A dataset that was promised to be private can be read by everyone."""


def problem_of(error: BaseException) -> tuple[str, bool]:
    """Says what went wrong, and whether the Hub refused for good (waiting does not help).

    The sentence is our own: an exception's text may hold signed addresses.
    """
    if isinstance(error, PublicDatasetError):
        return str(error), True
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if status in REFUSALS:
        return REFUSALS[status], True
    if isinstance(error, RepositoryNotFoundError):
        return "The Hub does not show the dataset to the token (404).", True
    if status == 429:
        return "The Hub asks for a pause, too many requests (429).", False
    if status is not None:
        return f"The Hub answers with an error ({status}).", False
    name = type(error).__name__
    return f"The Hub cannot be reached, or does not answer as it should ({name}).", False


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
    if error.response.status_code == 429 and limit is not None and limit.remaining == 0:
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
