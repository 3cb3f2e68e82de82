"""Pictures of how a model comes to its tags: where it looked, how it went, how it was before."""

from collections.abc import Mapping, Sequence
from typing import Any

from tagloop.inside.attention import TagAttention
from tagloop.inside.before import Before
from tagloop.inside.steps import NamedStep, TagSteps
from tagloop.inside.view import View
from tagloop.vocabulary.vocabulary import normal_form
from tagloop.web.tabs.inside.figure import figure, missing, percent
from tagloop.web.tabs.markup import safe

LEAST_SHADE = 0.06
"""Of the most looked at word: less is not shaded."""
DARKEST = 0.65
NAMED_WORDS = 4
NAMED_RIVALS = 3
SHORT_LESSON = (
    "Fine-tuning on articles with their tags changed the numbers in the matrices and nothing else."
)
LESSON = f"{SHORT_LESSON[:-1]}, and this is what it does to the answer."
RANKED_LESSON = (
    "Fine-tuning on articles with their tags changed the numbers in the matrices, a ranker that "
    "learned from the same articles was set behind them, and this is what both do to the answer."
)


SYSTEMS = {"before": "before", "checkpoint": "checkpoint alone", "after": "with Tagloop"}
"""Of ``report.json``; an earlier one has no second."""


def draw_looks(view: View) -> str:
    """Draws the article with the words shaded that the model looked at for the chosen tag."""
    heading = "Where it looked"
    if not view.attention:
        why = "No tag was given, so there is nothing to look for."
        return figure("looks", heading, missing(why), "Each tag has its own look at the article.")
    choices = "".join(
        f'<label><input type="radio" name="inside-tag" class="tl-in-t{place}" value="{place}"'
        f"{'' if place else ' checked'}> <span>{safe(look.tag)}</span></label>"
        for place, look in enumerate(view.attention)
    )
    said = "".join(
        f'<p class="tl-in-said tl-in-s{place}">{_most_looked_at(look, view)}</p>'
        for place, look in enumerate(view.attention)
    )
    picture = (
        f'<div class="tl-in-looks"><fieldset><legend>Tag</legend>{choices}</fieldset>'
        f'<div aria-live="polite">{said}</div>'
        f'<p class="tl-in-article" dir="auto">{_shaded(view)}</p></div>'
    )
    sentence = (
        "The greener a word, the more the attention of the last layer lay on it while the model "
        "generated the chosen tag, which shows where it looked and not always why."
    )
    return figure("looks", heading, picture, sentence)


def _most_looked_at(look: TagAttention, view: View) -> str:
    order = sorted(range(len(view.words)), key=lambda at: -look.weights[at])
    names = [view.article.prompt[view.words[at].begin : view.words[at].end] for at in order]
    named = list(dict.fromkeys(name for name in names if any(map(str.isalnum, name))))
    words = ", ".join(f"<b>{safe(name)}</b>" for name in named[:NAMED_WORDS])
    how = "" if look.generated else " It did not generate this tag itself and was made to here."
    away = f" {percent(look.elsewhere)} of the look went to no word." if look.elsewhere else ""
    return f"Most on {words}.{away}{how}" if words else f"On no word.{how}"


def _shaded(view: View) -> str:
    """Returns each word with its shade for each tag as CSS variables: choosing needs no server."""
    shades = []
    for look in view.attention:
        most = float(look.weights.max()) if len(look.weights) else 0.0
        shades.append((look.weights / most) ** 0.5 if most > 0 else look.weights)
    out, at, prompt = "", 0, view.article.prompt
    for place, word in enumerate(view.words):
        out += safe(prompt[at : word.begin])
        at = max(word.end, at)
        mine = "".join(
            f"--a{tag}:{DARKEST * float(shade[place]):.2f};"
            for tag, shade in enumerate(shades)
            if shade[place] ** 2 >= LEAST_SHADE
        )
        words = safe(prompt[word.begin : word.end])
        out += f'<span style="{mine}">{words}</span>' if mine else words
    return out + (" …" if prompt[at:].strip() else "")


def draw_writing(view: View) -> str:
    """Draws each step of the output as a bar of its choices."""
    heading = "How it generated the tags"
    if not view.steps:
        why = "The model generated nothing for this article."
        return figure("writing", heading, missing(why), "A model may also give no tag.")
    answer = {normal_form(tag.tag) for tag in view.tags}
    tags = "".join(_tag_steps(of, of.form in answer) for of in view.steps)
    picture = f'<ol class="tl-in-writing">{tags}</ol>'
    sentence = (
        "Step by step, from top to bottom, the model took the likeliest next piece (green), and "
        "the amber parts of a bar are the pieces that it might have taken instead."
    )
    return figure("writing", heading, picture, sentence)


def _tag_steps(of: TagSteps, kept: bool) -> str:
    steps = "".join(_step(step, of.first + place) for place, step in enumerate(of.steps))
    left_out = "" if kept or not of.display else "<small>left out of the answer</small>"
    name = safe(of.display) or "the end"
    return f"<li><h3>{name} {left_out}</h3><ol>{steps}</ol></li>"


def _step(step: NamedStep, place: int) -> str:
    chosen, *rivals = step.choices
    bars = "".join(f'<i style="width:{choice.probability:.2%}"></i>' for choice in step.choices)
    named = [f"{safe(r.token)} {percent(r.probability)}" for r in rivals if r.probability >= 0.01]
    instead = ", ".join(named[:NAMED_RIVALS])
    small = f"<small>or {instead}</small>" if instead else ""
    return (
        f'<li class="tl-in-{step.kind}" style="--i:{place}"><span>{safe(chosen.token)}</span>'
        f'<span class="tl-in-chances" aria-hidden="true">{bars}</span>'
        f'<span class="tl-in-count">{percent(chosen.probability)}</span>{small}</li>'
    )


def draw_before(
    before: Before | None,
    tags: Sequence[str],
    report: Mapping[str, Any] | None,
    ranked: bool = False,
) -> str:
    """Draws the tags of the base beside those of the model: of this article, or of a measured one.

    Args:
        before: What the base says; None where it cannot run.
        tags: What the model says.
        report: Its ``report.json``.
        ranked: Whether a ranker takes part in what the model says.
    """
    heading = "Before and after fine-tuning"
    sentence = RANKED_LESSON if ranked else LESSON
    scores = _scores(report or {})
    if before is not None:
        forms = before.kept
        name = before.name.rsplit("/", 1)[-1]
        columns = _column(f"Before: {name}", [tag.tag for tag in before.tags], forms)
        columns += _column("After: this model", tags, forms)
        picture = f'<div class="tl-in-pair">{columns}</div>{scores}'
        return figure("before", heading, picture, sentence)
    example = next(iter((report or {}).get("examples") or []), None)
    if example is None:
        why = "The model from before fine-tuning is not published with this one, so it can't run."
        return figure("before", heading, missing(why) + scores, SHORT_LESSON)
    after = [tag["tag"] for tag in example["after"]]
    forms = frozenset(map(normal_form, example["before"])) & frozenset(map(normal_form, after))
    columns = _column("Before", example["before"], forms)
    if "checkpoint" in example:
        columns += _column("After: checkpoint alone", example["checkpoint"], forms)
        columns += _column("After: with Tagloop", after, forms)
    else:
        columns += _column("After", after, forms)
    title = example.get("title") or str(example.get("text", ""))[:80]
    picture = (
        missing(
            "The model from before fine-tuning is not published with this one, so another article "
            f"stands here, on which both were measured: “{title}”."
        )
        + f'<div class="tl-in-pair">{columns}</div>{scores}'
    )
    return figure("before", heading, picture, sentence)


def _column(name: str, tags: Sequence[str], both: frozenset[str]) -> str:
    chips = "".join(
        f'<li class="{"tl-in-both" if normal_form(tag) in both else "tl-in-own"}">{safe(tag)}</li>'
        for tag in tags
    )
    listed = f"<ul>{chips}</ul>" if chips else "<p>no tag</p>"
    return f"<div><h3>{safe(name)}</h3>{listed}</div>"


def _scores(report: Mapping[str, Any]) -> str:
    """Returns F1 of the systems on the test split, as bars, where the model was measured."""
    systems = report.get("systems", {})
    found = [(label, (systems.get(key) or {}).get("f1@m")) for key, label in SYSTEMS.items()]
    if not (found[0][1] and found[-1][1]):
        return ""
    bars = "".join(
        f'<li><span>{name}</span><span class="tl-in-chances" aria-hidden="true">'
        f'<i style="width:{score["value"]:.1%}"></i></span>'
        f'<span class="tl-in-count">{score["value"]:.2f}</span></li>'
        for name, score in found
        if score
    )
    split = safe(str(report.get("split", "test")))
    return (
        f'<p class="tl-in-note">F1@M on the {split} split</p><ul class="tl-in-scores">{bars}</ul>'
    )
