"""What the Hub refuses, said in one sentence, and who may publish at all."""

from __future__ import annotations

from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError

from tagloop.errors import UserError
from tagloop.hub_errors import kind_of, status_of

NO_TOKEN = (
    "The Hub knows no valid token of yours: make one with write access in the Hub's settings, "
    "then run `hf auth login` or set HF_TOKEN."
)


class NeedsPlan(UserError):
    """The Hub makes such a Space on a paid plan only."""


class clear_errors:
    """Turns the Hub's refusals inside the block into one clear sentence each.

    Raises:
        UserError: In place of the client's exception.
    """

    def __init__(self, repo_id: str, *, space: bool = False) -> None:
        """Says which repository the block is about, and whether it makes a Space."""
        self.repo_id, self.space = repo_id, space

    def __enter__(self) -> None:
        """Begins the block."""
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """Ends the block; a refusal becomes a `UserError`."""
        if isinstance(error, HFValidationError):
            raise UserError(f"{self.repo_id!r} is no valid repository name: {error}") from None
        if error is None or (failure := kind_of(error)) is None:
            return
        if failure == "token":
            raise UserError(NO_TOKEN) from None
        if isinstance(error, HfHubHTTPError):
            raise self._refusal(error) from None
        raise UserError(
            "The Hub does not answer; check the network and HF_ENDPOINT, then run again: what "
            "is already published is not repeated."
        ) from None

    def _refusal(self, error: HfHubHTTPError) -> UserError:
        said = error.server_message or str(error).splitlines()[0]
        if self.space and status_of(error) in (402, 403) and _speaks_of_plan(said):
            return NeedsPlan(
                f"The Hub makes no free Gradio Space {self.repo_id} on this plan ({said}). Run "
                "again with SPACE=static, or run the Space here with: make space MODEL=… SHARE=1"
            )
        return UserError(self._sentence(error, said))

    def _sentence(self, error: HfHubHTTPError, said: str) -> str:
        failure, status = kind_of(error), status_of(error)
        if failure == "forbidden":
            return (
                f"The token may not write to {self.repo_id} ({said}); take a token with write "
                "access to that namespace, or another NAMESPACE."
            )
        if failure in ("no repository", "not found"):
            return f"{self.repo_id} was not found, or this token may not see it ({said})."
        return f"The Hub refused {self.repo_id} with status {status}: {said}"


def _speaks_of_plan(message: str) -> bool:
    words = ("pro ", "plan", "subscri", "payment", "billing", "paid", "quota")
    return any(word in f"{message.lower()} " for word in words)


def check_access(api: HfApi, namespace: str, setting: str = "NAMESPACE=") -> None:
    """Makes sure that there is a token and that its owner belongs to the namespace.

    Args:
        api: Client with the token.
        namespace: A user or organisation.
        setting: How a person says it, for what to do.

    Raises:
        UserError: There is no valid token, or its owner may not publish in that namespace.
    """
    if not namespace:
        raise UserError("NAMESPACE is missing: give your user or organisation on the Hub.")
    with clear_errors(namespace):
        try:
            me = api.whoami()
        except (LocalTokenNotFoundError, HfHubHTTPError) as error:
            if kind_of(error) not in ("token", "forbidden"):
                raise
            raise UserError(NO_TOKEN) from None
    groups = [group["name"] for group in me.get("orgs", [])]
    if namespace not in (me["name"], *groups):
        raise UserError(
            f"The token is {me['name']}'s, who may not publish as {namespace}; take "
            f"{setting}{me['name']}{' or ' if groups else ''}{' or '.join(groups)}."
        )
