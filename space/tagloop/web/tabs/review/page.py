"""What a reviewer reads: the queue, an article with what people say about it, the decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from tagloop.corrections.dataset import Records
from tagloop.corrections.decision import Review
from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.record import Correction
from tagloop.corrections.review.queue import DecidedArticle, Opinion, QueueItem, difference
from tagloop.text.words import count_words, first_words
from tagloop.web.languages.words import ENGLISH, Words
from tagloop.web.tabs.markup import notice, repo_link, safe
from tagloop.web.tabs.review.session import PAGE

BEGINNING_CHARACTERS = 600
"""Of an article that are shown at once; the rest is folded."""
SENDERS = 4
"""That are named; the others are counted."""


def queue_list(
    items: Sequence[QueueItem], page: int, current: str | None, words: Words = ENGLISH
) -> str:
    """Returns one page of the queue, each article a button."""
    if not items:
        return notice("hint", words("review.queue_empty"))
    rows = []
    for item in items[(page - 1) * PAGE : page * PAGE]:
        change = difference([tag.tag for tag in item.correction.predicted], item.leading.tags)
        facts = [
            f"+{len(change.added)} \u2212{len(change.removed)}",
            _agreement(item.leading, item, words),
        ]
        flags = "".join(
            f'<span class="tl-flag">⚑ {words(f"review.mark_{kind}")}</span>'
            for kind in dict.fromkeys(mark.kind for mark in item.marks)
        )
        here = ' aria-current="true"' if item.key == current else ""
        rows.append(
            f'<li><button type="button" data-pick="{safe(item.key)}"{here}>'
            f'<span class="tl-queue-title" dir="auto">{_title(item.correction)}</span>'
            f'<span class="tl-queue-facts">{safe(" · ".join(facts))}</span>{flags}</button></li>'
        )
    return f'<ol class="tl-queue">{"".join(rows)}</ol>{_pager(len(items), page, words)}'


def decided_list(decided: Sequence[DecidedArticle], page: int, words: Words = ENGLISH) -> str:
    """Returns one page of the decisions in force, each with a button that undoes it."""
    if not decided:
        return notice("hint", words("review.decided_empty"))
    rows = []
    for one in decided[(page - 1) * PAGE : page * PAGE]:
        review = one.review
        title = _title(one.correction)
        tags = f'<span dir="auto">{safe(", ".join(review.tags))}</span>' if review.tags else ""
        rows.append(
            f'<li><span class="tl-queue-title" dir="auto">{title}</span>'
            f'<span class="tl-queue-facts">{_decided("review.decided_by", review, words)}'
            f"</span>{tags}"
            f'<button type="button" class="tl-small" data-reopen="{safe(one.correction.id)}">'
            f'{words("review.undo")}<span class="tl-unseen">'
            f"{words('review.undo_of', title=title)}</span></button></li>"
        )
    return (
        f'<ol class="tl-queue tl-decided">{"".join(rows)}</ol>{_pager(len(decided), page, words)}'
    )


def _decided(key: str, review: Review, words: Words) -> str:
    return words(
        key,
        decision=words(f"review.decision_{review.decision}"),
        reviewer=f"<bdi>{safe(review.reviewer)}</bdi>",
        time=when(review.created_at),
    )


def item_page(item: QueueItem | None, chosen: int = 0, words: Words = ENGLISH) -> str:
    """Returns an article, what an answer changes, who says so, and what looks suspicious."""
    if item is None:
        return f'<div class="tl-empty"><p>{words("review.all_decided")}</p></div>'
    opinion = item.opinions[chosen]
    return (
        f'<article class="tl-review"><h2 tabindex="-1" dir="auto">{_title(item.correction)}</h2>'
        f"{_marks(item, words)}{_answers(item, chosen, words)}{_difference(opinion, words)}"
        f"{_senders(opinion, words)}{_earlier(item, words)}{_text(item.correction, words)}"
        "</article>"
    )


def delivery(outbox: Outbox, decided: int, words: Words = ENGLISH) -> str:
    """Says where the decisions are by now; nothing is called saved that is not.

    Where a restart takes the disk (``saved_when`` is "hub"), only what is in the dataset is.
    """
    state = outbox.state
    if not state.waiting and state.quarantined:
        return notice("problem", words("review.quarantined"))
    if not state.waiting:
        return notice("saved", words("review.all_delivered")) if decided else ""
    place = "here" if outbox.saved_when == "disk" else "unsaved"
    if state.problem is None:
        return notice("busy", words.count(f"review.on_way_{place}", state.waiting))
    kind = "problem" if state.refused else "waiting"
    return notice(kind, words.count(f"review.stuck_{place}", state.waiting), state.problem)


def set_aside(outboxes: Sequence[Outbox], records: Records, words: Words = ENGLISH) -> str:
    """Says what was set aside on the way to the dataset, and what in it cannot be read."""
    said = ""
    for outbox in outboxes:
        if count := outbox.state.quarantined:
            folder = f"{outbox.quarantine.parent.name}/{outbox.quarantine.name}"
            told = words.count("review.set_aside", count)
            said += notice("problem", told, words("review.set_aside_where", folder=folder))
    if count := records.damaged_count:
        damage = "; ".join(records.damage(shown=3))
        said += notice("waiting", words.count("review.damaged", count), damage)
    return said


def queue_head(count: int, agreed: int, agreement: int, words: Words = ENGLISH) -> str:
    """Says how much waits, and how much of it needs no reviewer."""
    note = ""
    if agreement:
        told = words("review.waiting_agreed", agreed=agreed, agreement=agreement)
        note = f'<p class="tl-says">{told}</p>'
    return f'<p class="tl-waiting">{words("review.waiting", count=count)}</p>{note}'


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


def _pager(count: int, page: int, words: Words) -> str:
    last = -(-count // PAGE)
    if last < 2:
        return ""
    first, end = (page - 1) * PAGE + 1, min(page * PAGE, count)
    back, on = ("" if page > 1 else " disabled"), ("" if page < last else " disabled")
    return (
        f'<p class="tl-pager"><button type="button" data-page="{page - 1}"{back}>'
        f"{words('review.back')}</button><span>"
        f"{words('review.range', first=first, last=end, count=count)}</span>"
        f'<button type="button" data-page="{page + 1}"{on}>{words("review.next")}</button></p>'
    )


def _agreement(opinion: Opinion, item: QueueItem, words: Words) -> str:
    if item.voters == 1:
        return words("review.one_person")
    return words("review.people_of", count=opinion.voters, total=item.voters)


def _marks(item: QueueItem, words: Words) -> str:
    if not item.marks:
        return ""
    rows = "".join(
        f"<li><b>⚑ {words(f'review.mark_{mark.kind}')}</b> {safe(mark.reason)}</li>"
        for mark in item.marks
    )
    return f'<ul class="tl-marks" aria-label="{words("review.suspicious")}">{rows}</ul>'


def _answers(item: QueueItem, chosen: int, words: Words) -> str:
    if len(item.opinions) == 1:
        said = words("review.one_says")
        if item.voters > 1:
            said = words("review.all_say", count=item.voters)
        return f'<p class="tl-says">{said}</p>'
    rows = []
    for place, opinion in enumerate(item.opinions):
        tags = ", ".join(opinion.tags) or words("review.no_tags")
        by = words("review.answer_by", count=opinion.voters, total=item.voters)
        rows.append(
            f'<button type="button" data-answer="{place}" aria-pressed='
            f'"{"true" if place == chosen else "false"}"><b>{by}</b> '
            f'<span dir="auto">{safe(tags)}</span></button>'
        )
    told = words.count("review.rejects", len(item.opinions) - 1)
    return (
        f'<div class="tl-answers" role="group" aria-label="{words("review.answers")}">'
        f'{"".join(rows)}</div><p class="tl-says">{told}</p>'
    )


def _difference(opinion: Opinion, words: Words) -> str:
    predicted = opinion.corrections[0].predicted
    sure = {tag.tag: tag.confidence for tag in predicted}
    change = difference([tag.tag for tag in predicted], opinion.tags)
    rows = []
    for name, sign, element, tags in (
        ("added", "+", "ins", change.added),
        ("removed", "\u2212", "del", change.removed),
        ("kept", "=", "span", change.kept),
    ):
        if not tags:
            continue
        chips = "".join(
            f'<li><{element} dir="auto"><i aria-hidden="true">{sign}</i> {safe(tag)}'
            f"{_percent(sure.get(tag))}</{element}></li>"
            for tag in tags
        )
        rows.append(
            f'<dt>{words(f"review.change_{name}")}</dt><dd><ul class="tl-{name}">{chips}</ul></dd>'
        )
    if not rows:
        return f'<p class="tl-says">{words("review.no_change")}</p>'
    return f'<dl class="tl-diff">{"".join(rows)}</dl>'


def _percent(confidence: float | None) -> str:
    return "" if confidence is None else f" <small>{round(confidence * 100)} %</small>"


def _senders(opinion: Opinion, words: Words) -> str:
    rows = []
    for one in opinion.corrections[:SENDERS]:
        note = f'<q dir="auto">{safe(one.note)}</q>' if one.note else ""
        name = f"<bdi>{safe(one.user)}</bdi>" if one.user else words("review.anonymous")
        said = words(
            "review.sender",
            name=name,
            verdict=words(f"review.says_{one.verdict}"),
            time=when(one.created_at),
            model=repo_link(one.model_repo, one.model_revision),
        )
        rows.append(f"<li>{said} {note}</li>")
    if (more := len(opinion.corrections) - SENDERS) > 0:
        rows.append(f"<li>{words('review.senders_more', count=more)}</li>")
    return f'<ul class="tl-senders" aria-label="{words("review.senders")}">{"".join(rows)}</ul>'


def _earlier(item: QueueItem, words: Words) -> str:
    if not item.earlier:
        return ""
    review = item.earlier[0]
    tags = f": <span dir='auto'>{safe(', '.join(review.tags))}</span>" if review.tags else ""
    return f'<p class="tl-says">{_decided("review.earlier", review, words)}{tags}</p>'


def _text(correction: Correction, words: Words) -> str:
    text = correction.text
    if len(text) <= BEGINNING_CHARACTERS * 1.3:
        return f'<div class="tl-text" dir="auto">{safe(text)}</div>'
    cut = text.rfind(" ", BEGINNING_CHARACTERS // 2, BEGINNING_CHARACTERS)
    cut = cut if cut > 0 else BEGINNING_CHARACTERS
    return (
        f'<div class="tl-text" dir="auto">{safe(text[:cut])} …</div><details class="tl-rest">'
        f"<summary>{words('review.rest', count=count_words(text))}</summary>"
        f'<div class="tl-text" dir="auto">{safe(text[cut:].lstrip())}</div></details>'
    )
