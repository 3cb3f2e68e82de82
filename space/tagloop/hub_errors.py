"""What a failed call to the Hub means, in words for people and in seconds to wait."""

import time
from email.utils import parsedate_to_datetime

from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

REFUSALS = {
    401: "The Hub does not accept the token (401): set the secret HF_TOKEN to a valid one.",
    403: "The Hub does not let the token write to the dataset (403): it needs write access.",
}


class PublicDatasetError(Exception):
    """A dataset that was promised to be private can be read by everyone."""


def problem_of(error: BaseException) -> tuple[str, bool]:
    """Say what went wrong, and whether the Hub refused for good (waiting does not help).

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
    """Return how long the server asked to wait: ``Retry-After`` in seconds or as a date, else 0.

    Source: RFC 9110, section 10.2.3.
    """
    if not isinstance(error, HfHubHTTPError):
        return 0.0
    value = error.response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return 0.0
