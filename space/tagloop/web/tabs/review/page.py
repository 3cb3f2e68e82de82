"""What a reviewer reads: the queue, an article with what people say about it, the decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from tagloop.corrections.dataset import Records
from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.record import Correction
from tagloop.corrections.review.queue import DecidedArticle, Opinion, QueueItem, difference
from tagloop.corrections.review.suspicion import KINDS
from tagloop.text.words import count_words, first_words
from tagloop.web.tabs.markup import notice, repo_link, safe
from tagloop.web.tabs.review.session import PAGE

BEGINNING_CHARACTERS = 600
"""Of an article that are shown at once; the rest is folded."""
SENDERS = 4
"""That are named; the others are counted."""
DECISIONS = {"accept": "Accepted", "edit": "Edited", "reject": "Rejected", "undo": "Opened again"}
VERDICTS = {"good": "says the tags are good", "fixed": "fixed the tags", "bad": "says they are bad"}


def queue_list(items: Sequence[QueueItem], page: int, current: str | None) -> str:
    """Returns one page of the queue, each article a button."""
    if not items:
        return notice("hint", "Nothing waits here. Refresh looks for new corrections.")
    rows = []
    for item in items[(page - 1) * PAGE : page * PAGE]:
        change = difference([tag.tag for tag in item.correction.predicted], item.leading.tags)
        facts = [
            f"+{len(change.added)} \u2212{len(change.removed)}",
            _agreement(item.leading, item),
        ]
        flags = "".join(
            f'<span class="tl-flag">⚑ {safe(KINDS[kind])}</span>'
            for kind in dict.fromkeys(mark.kind for mark in item.marks)
        )
        here = ' aria-current="true"' if item.key == current else ""
        rows.append(
            f'<li><button type="button" data-pick="{safe(item.key)}"{here}>'
            f'<span class="tl-queue-title" dir="auto">{_title(item.correction)}</span>'
            f'<span class="tl-queue-facts">{safe(" · ".join(facts))}</span>{flags}</button></li>'
        )
    return f'<ol class="tl-queue">{"".join(rows)}</ol>{_pager(len(items), page)}'


def decided_list(decided: Sequence[DecidedArticle], page: int) -> str:
    """Returns one page of the decisions in force, each with a button that undoes it."""
    if not decided:
        return notice("hint", "Nothing has been decided yet.")
    rows = []
    for one in decided[(page - 1) * PAGE : page * PAGE]:
        review = one.review
        title = _title(one.correction)
        tags = f'<span dir="auto">{safe(", ".join(review.tags))}</span>' if review.tags else ""
        rows.append(
            f'<li><span class="tl-queue-title" dir="auto">{title}</span>'
            f'<span class="tl-queue-facts"><b>{DECISIONS[review.decision]}</b> by '
            f"<bdi>{safe(review.reviewer)}</bdi>, {when(review.created_at)}</span>{tags}"
            f'<button type="button" class="tl-small" data-reopen="{safe(one.correction.id)}">'
            f'Undo<span class="tl-unseen"> the decision on {title}</span></button></li>'
        )
    return f'<ol class="tl-queue tl-decided">{"".join(rows)}</ol>{_pager(len(decided), page)}'


def item_page(item: QueueItem | None, chosen: int = 0) -> str:
    """Returns an article, what an answer changes, who says so, and what looks suspicious."""
    if item is None:
        return (
            '<div class="tl-empty"><p>All is decided. Refresh looks for new corrections.</p></div>'
        )
    opinion = item.opinions[chosen]
    return (
        f'<article class="tl-review"><h2 tabindex="-1" dir="auto">{_title(item.correction)}</h2>'
        f"{_marks(item)}{_answers(item, chosen)}{_difference(opinion)}{_senders(opinion)}"
        f"{_earlier(item)}{_text(item.correction)}</article>"
    )


def delivery(outbox: Outbox, decided: int) -> str:
    """Says where the decisions are by now; nothing is called saved that is not.

    Where a restart takes the disk (``saved_when`` is "hub"), only what is in the dataset is.
    """
    state = outbox.state
    if not state.waiting and state.quarantined:
        return notice("problem", "Not all decisions are in the dataset: some are in quarantine.")
    if not state.waiting:
        return notice("saved", "All decisions are in the dataset.") if decided else ""
    what = "1 decision is" if state.waiting == 1 else f"{state.waiting:,} decisions are"
    place = "saved here" if outbox.saved_when == "disk" else "not saved yet"
    if state.problem is None:
        return notice("busy", f"{what} {place}, on the way to the dataset …")
    kind = "problem" if state.refused else "waiting"
    return notice(kind, f"{what} {place}: not in the dataset.", state.problem)


def set_aside(outboxes: Sequence[Outbox], records: Records) -> str:
    """Says what was set aside on the way to the dataset, and what in it cannot be read."""
    said = ""
    for outbox in outboxes:
        if count := outbox.state.quarantined:
            what = "1 row is" if count == 1 else f"{count:,} rows are"
            said += notice(
                "problem",
                f"{what} in quarantine: kept on this server, not in the dataset.",
                f"In the folder {outbox.quarantine.parent.name}/{outbox.quarantine.name}; the text "
                "beside each file says why, and how it is sent again.",
            )
    if count := records.damaged_count:
        what = "1 line of the dataset" if count == 1 else f"{count:,} lines of the dataset"
        said += notice(
            "waiting", f"{what} cannot be read: left out.", "; ".join(records.damage(shown=3))
        )
    return said


def queue_head(count: int, agreed: int, agreement: int) -> str:
    """Says how much waits, and how much of it needs no reviewer."""
    note = ""
    if agreement:
        note = (
            f'<p class="tl-says">{agreed:,} of them need no reviewer: {agreement} people agree. '
            "A decision of yours goes before.</p>"
        )
    return f'<p class="tl-waiting">{count:,} to review</p>{note}'


def when(moment: str) -> str:
    """Returns a time of a record, in UTC, to the minute."""
    try:
        read = datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return safe(moment)
    return f'<time datetime="{safe(moment)}">{read:%Y-%m-%d %H:%M} UTC</time>'


def _title(correction: Correction) -> str:
    title = correction.title or first_words(correction.text, 10) + " …"
    return safe(title)


def _pager(count: int, page: int) -> str:
    last = -(-count // PAGE)
    if last < 2:
        return ""
    first, end = (page - 1) * PAGE + 1, min(page * PAGE, count)
    back, on = ("" if page > 1 else " disabled"), ("" if page < last else " disabled")
    return (
        f'<p class="tl-pager"><button type="button" data-page="{page - 1}"{back}>Back</button>'
        f"<span>{first:,} to {end:,} of {count:,}</span>"
        f'<button type="button" data-page="{page + 1}"{on}>Next</button></p>'
    )


def _agreement(opinion: Opinion, item: QueueItem) -> str:
    if item.voters == 1:
        return "1 person"
    return f"{opinion.voters} of {item.voters} people"


def _marks(item: QueueItem) -> str:
    if not item.marks:
        return ""
    rows = "".join(
        f"<li><b>⚑ {safe(KINDS[mark.kind])}</b> {safe(mark.reason)}</li>" for mark in item.marks
    )
    return f'<ul class="tl-marks" aria-label="Suspicious">{rows}</ul>'


def _answers(item: QueueItem, chosen: int) -> str:
    if len(item.opinions) == 1:
        many = item.voters > 1
        said = f"{item.voters} of {item.voters} people say:" if many else "One person says:"
        return f'<p class="tl-says">{said}</p>'
    rows = []
    for place, opinion in enumerate(item.opinions):
        tags = ", ".join(opinion.tags) or "no tags"
        rows.append(
            f'<button type="button" data-answer="{place}" aria-pressed='
            f'"{"true" if place == chosen else "false"}"><b>{opinion.voters} of {item.voters} '
            f'say</b> <span dir="auto">{safe(tags)}</span></button>'
        )
    others = len(item.opinions) - 1
    told = "the other answer" if others == 1 else f"the {others} other answers"
    return (
        f'<div class="tl-answers" role="group" aria-label="Answers">{"".join(rows)}</div>'
        f'<p class="tl-says">Accepting this answer rejects {told}:</p>'
    )


def _difference(opinion: Opinion) -> str:
    predicted = opinion.corrections[0].predicted
    sure = {tag.tag: tag.confidence for tag in predicted}
    change = difference([tag.tag for tag in predicted], opinion.tags)
    rows = []
    for name, sign, element, tags in (
        ("Added", "+", "ins", change.added),
        ("Removed", "\u2212", "del", change.removed),
        ("Kept", "=", "span", change.kept),
    ):
        if not tags:
            continue
        chips = "".join(
            f'<li><{element} dir="auto"><i aria-hidden="true">{sign}</i> {safe(tag)}'
            f"{_percent(sure.get(tag))}</{element}></li>"
            for tag in tags
        )
        rows.append(f'<dt>{name}</dt><dd><ul class="tl-{name.lower()}">{chips}</ul></dd>')
    if not rows:
        return '<p class="tl-says">The model gave no tags, and none were added.</p>'
    return f'<dl class="tl-diff">{"".join(rows)}</dl>'


def _percent(confidence: float | None) -> str:
    return "" if confidence is None else f" <small>{round(confidence * 100)} %</small>"


def _senders(opinion: Opinion) -> str:
    rows = []
    for one in opinion.corrections[:SENDERS]:
        note = f'<q dir="auto">{safe(one.note)}</q>' if one.note else ""
        name = f"<bdi>{safe(one.user)}</bdi>" if one.user else "anonymous"
        rows.append(
            f"<li>{name} {VERDICTS[one.verdict]}, {when(one.created_at)}, of "
            f"{repo_link(one.model_repo, one.model_revision)} {note}</li>"
        )
    if (more := len(opinion.corrections) - SENDERS) > 0:
        rows.append(f"<li>and {more:,} more</li>")
    return f'<ul class="tl-senders" aria-label="Who and when">{"".join(rows)}</ul>'


def _earlier(item: QueueItem) -> str:
    if not item.earlier:
        return ""
    review = item.earlier[0]
    tags = f": <span dir='auto'>{safe(', '.join(review.tags))}</span>" if review.tags else ""
    return (
        f'<p class="tl-says">Decided on this article before: {DECISIONS[review.decision]} by '
        f"<bdi>{safe(review.reviewer)}</bdi>, {when(review.created_at)}{tags}</p>"
    )


def _text(correction: Correction) -> str:
    text = correction.text
    words = count_words(text)
    if len(text) <= BEGINNING_CHARACTERS * 1.3:
        return f'<div class="tl-text" dir="auto">{safe(text)}</div>'
    cut = text.rfind(" ", BEGINNING_CHARACTERS // 2, BEGINNING_CHARACTERS)
    cut = cut if cut > 0 else BEGINNING_CHARACTERS
    return (
        f'<div class="tl-text" dir="auto">{safe(text[:cut])} …</div><details class="tl-rest">'
        f'<summary>The rest, {words:,} words in all</summary><div class="tl-text" dir="auto">'
        f"{safe(text[cut:].lstrip())}</div></details>"
    )
