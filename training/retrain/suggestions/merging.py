"""Merges the pull requests of the suggestions dataset, and brings them into the corrections."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from huggingface_hub import Discussion, HfApi
from huggingface_hub.errors import HfHubHTTPError

from tagloop.corrections.review.queue import difference
from tagloop.errors import UserError
from tagloop.hub_errors import kind_of
from training import console
from training.cards.repo_names import Names
from training.publish.errors import clear_errors
from training.publish.hub_files import head
from training.retrain.suggestions.reading import Inbox, Suggestion
from training.retrain.suggestions.taking import Taken

Say = Callable[[str], object]
LONGEST = 300
"""Characters of a line that is shown: titles, tags and names of files are anybody's."""


def merge_suggestions(api: HfApi, names: Names, say: Say, *, dry_run: bool = False) -> str:
    """Shows all open pull requests and merges the sound ones.

    A suggestion is copied into the corrections as it was shown, then merged. A run that was killed
    between the two goes on with the same command.

    Args:
        api: Client with a token that may write to the suggestions and the corrections.
        names: The project's repositories.
        say: Tells a person of each.
        dry_run: Show them, change nothing.

    Returns:
        What came of it, in a sentence.

    Raises:
        UserError: The Hub refuses.
    """
    if head(api, names.suggestions, "dataset") is None:
        return (
            f"Nothing to merge: there is no dataset {names.suggestions}; publish a static Space "
            "first, with make publish SPACE=static."
        )
    with clear_errors(names.suggestions):
        inbox = Inbox(api, names)
        waiting = [one for one in inbox.requests if one.status == "open"]
        sound = _read_all(inbox, waiting, say)
        left = len(waiting) - len(sound)
        if dry_run:
            return f"{_count(len(sound))} would be merged, {left} left open. Nothing was changed."
    with clear_errors(names.corrections):
        _take(api, names, inbox, sound)
    with clear_errors(names.suggestions):
        merged = _merge(api, names, sound, say)
        _say_what_else_changed(inbox, merged, say)
    left += len(sound) - len(merged)
    people = len({one.correction.user for one in merged})
    return (
        f"{_count(len(merged))} of {people} {'person' if people == 1 else 'people'} merged into "
        f"{names.corrections}, {left} left open. What of them is learned is for reviewers, or "
        "agreement, to say: then make retrain."
    )


def take_merged(api: HfApi, names: Names) -> int:
    """Brings into the corrections what was merged on the Hub's page, and withdraws what is gone.

    Returns:
        How many suggestions joined the corrections.

    Raises:
        UserError: The Hub refuses.
    """
    if head(api, names.suggestions, "dataset") is None:
        return 0
    with clear_errors(names.suggestions):
        inbox = Inbox(api, names)
    with clear_errors(names.corrections):
        return _take(api, names, inbox, [])


def _take(api: HfApi, names: Names, inbox: Inbox, sound: Sequence[Suggestion]) -> int:
    taken = Taken(api, names)
    there = set(inbox.files.values())
    known = {number for number, blob in taken.pairs if blob in there}
    done = [one for one in inbox.requests if one.status == "merged" and one.num not in known]
    merged = [one for one in _read_all(inbox, done, None) if one.blob in there]
    added = taken.add([*merged, *sound])
    taken.withdraw(there, [one.num for one in inbox.requests if one.status == "open"])
    return added


def _read_all(inbox: Inbox, requests: Sequence[Discussion], say: Say | None) -> list[Suggestion]:
    """Reads pull requests; of each says what it is, if it is to be said."""
    found: dict[str, Suggestion] = {}
    for request in console.progress_bar(requests, desc="pull requests", unit=""):
        try:
            one = inbox.read(request)
            if one.path in found or (request.status == "open" and one.path in inbox.files):
                raise UserError("its file is there already.")
            found[one.path] = one
            said = _shown(one)
        except UserError as error:
            said = f"left open: {error}"
        if say:
            say(printable(f"#{request.num} by {request.author}: {said}"))
    return list(found.values())


def _shown(suggestion: Suggestion) -> str:
    """Returns a suggestion in a line: the article, and what changes in its tags."""
    correction = suggestion.correction
    title = correction.title or correction.text[:60]
    changed = difference([tag.tag for tag in correction.predicted], correction.corrected)
    tags = [f"+{tag}" for tag in changed.added] + [f"-{tag}" for tag in changed.removed]
    return f"“{title}”: {', '.join([*tags, *changed.kept]) or 'no tags'}"


def _merge(
    api: HfApi, names: Names, suggestions: Sequence[Suggestion], say: Say
) -> list[Suggestion]:
    merged = []
    for one in console.progress_bar(suggestions, desc="merging", unit=""):
        try:
            api.merge_pull_request(names.suggestions, one.number, repo_type="dataset")
        except HfHubHTTPError as error:
            if kind_of(error) not in ("error", "not found"):
                raise
            say(printable(f"#{one.number} could not be merged: {error.server_message or error}"))
        else:
            merged.append(one)
    return merged


def _say_what_else_changed(inbox: Inbox, merged: Sequence[Suggestion], say: Say) -> None:
    """Tells of a pull request that got another commit between its reading and its merge."""
    wanted = inbox.files | {one.path: one.blob for one in merged}
    now = inbox.read_files()
    other = sorted(path for path in wanted | now if wanted.get(path) != now.get(path))
    if other:
        say(
            printable(
                f"Look at the dataset's history: {', '.join(other)} changed while suggestions were "
                "merged, and was not shown. The corrections have what was shown."
            )
        )


def _count(number: int) -> str:
    return f"{number:,} suggestion{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """Returns a line of what anybody may have written, such that a terminal only shows it."""
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return line if len(line) <= LONGEST else line[:LONGEST] + " …"
