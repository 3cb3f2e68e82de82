"""Pictures of how a model comes to its tags: where it looked, how it went, how it was before."""

from collections.abc import Mapping, Sequence
from typing import Any

from tagloop.inside.attention import TagAttention
from tagloop.inside.before import Before
from tagloop.inside.steps import NAMES, NamedStep, TagSteps
from tagloop.inside.view import View
from tagloop.vocabulary.vocabulary import normal_form
from tagloop.web.languages.words import ENGLISH, Words
from tagloop.web.tabs.inside.figure import figure, missing, percent
from tagloop.web.tabs.markup import safe

LEAST_SHADE = 0.06
"""Of the most looked at word: less is not shaded."""
DARKEST = 0.65
NAMED_WORDS = 4
NAMED_RIVALS = 3
SYSTEMS = ("before", "checkpoint", "after")
"""Of ``report.json``; an earlier one has no second."""


def draw_looks(view: View, words: Words = ENGLISH) -> str:
    """Draws the article with the words shaded that the model looked at for the chosen tag."""
    heading = words("inside.looks")
    if not view.attention:
        why = words("inside.looks_none")
        return figure("looks", heading, missing(why), words("inside.looks_none_said"))
    choices = "".join(
        f'<label><input type="radio" name="inside-tag" class="tl-in-t{place}" value="{place}"'
        f"{'' if place else ' checked'}> <span>{safe(look.tag)}</span></label>"
        for place, look in enumerate(view.attention)
    )
    said = "".join(
        f'<p class="tl-in-said tl-in-s{place}">{_most_looked_at(look, view, words)}</p>'
        for place, look in enumerate(view.attention)
    )
    picture = (
        f'<div class="tl-in-looks"><fieldset><legend>{words("inside.tag")}</legend>'
        f"{choices}</fieldset>"
        f'<div aria-live="polite">{said}</div>'
        f'<p class="tl-in-article" dir="auto">{_shaded(view)}</p></div>'
    )
    return figure("looks", heading, picture, words("inside.looks_said"))


def _most_looked_at(look: TagAttention, view: View, words: Words) -> str:
    order = sorted(range(len(view.words)), key=lambda at: -look.weights[at])
    names = [view.article.prompt[view.words[at].begin : view.words[at].end] for at in order]
    named = list(dict.fromkeys(name for name in names if any(map(str.isalnum, name))))
    listed = ", ".join(f"<b>{safe(name)}</b>" for name in named[:NAMED_WORDS])
    said = [words("inside.most_on", words=listed) if listed else words("inside.on_none")]
    if listed and look.elsewhere:
        said.append(words("inside.away", share=percent(look.elsewhere)))
    if not look.generated:
        said.append(words("inside.made_to"))
    return " ".join(said)


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
        own = safe(prompt[word.begin : word.end])
        out += f'<span style="{mine}">{own}</span>' if mine else own
    return out + (" …" if prompt[at:].strip() else "")


def draw_writing(view: View, words: Words = ENGLISH) -> str:
    """Draws each step of the output as a bar of its choices."""
    heading = words("inside.writing")
    if not view.steps:
        why = words("inside.writing_none")
        return figure("writing", heading, missing(why), words("inside.writing_none_said"))
    answer = {normal_form(tag.tag) for tag in view.tags}
    tags = "".join(_tag_steps(of, of.form in answer, words) for of in view.steps)
    picture = f'<ol class="tl-in-writing">{tags}</ol>'
    return figure("writing", heading, picture, words("inside.writing_said"))


def _tag_steps(of: TagSteps, kept: bool, words: Words) -> str:
    steps = "".join(_step(step, of.first + place, words) for place, step in enumerate(of.steps))
    left_out = "" if kept or not of.display else f"<small>{words('inside.left_out')}</small>"
    name = safe(of.display) or words("inside.the_end")
    return f"<li><h3>{name} {left_out}</h3><ol>{steps}</ol></li>"


def _step(step: NamedStep, place: int, words: Words) -> str:
    chosen, *rivals = step.choices
    token = words(f"inside.step_{step.kind}") if step.kind in NAMES else chosen.token
    bars = "".join(f'<i style="width:{choice.probability:.2%}"></i>' for choice in step.choices)
    named = [f"{safe(r.token)} {percent(r.probability)}" for r in rivals if r.probability >= 0.01]
    instead = ", ".join(named[:NAMED_RIVALS])
    small = f"<small>{words('inside.or', pieces=instead)}</small>" if instead else ""
    return (
        f'<li class="tl-in-{step.kind}" style="--i:{place}"><span>{safe(token)}</span>'
        f'<span class="tl-in-chances" aria-hidden="true">{bars}</span>'
        f'<span class="tl-in-count">{percent(chosen.probability)}</span>{small}</li>'
    )


def draw_before(
    before: Before | None,
    tags: Sequence[str],
    report: Mapping[str, Any] | None,
    ranked: bool = False,
    words: Words = ENGLISH,
) -> str:
    """Draws the tags of the base beside those of the model: of this article, or of a measured one.

    Args:
        before: What the base says; None where it cannot run.
        tags: What the model says.
        report: Its ``report.json``.
        ranked: Whether a ranker takes part in what the model says.
        words: The visitor's.
    """
    heading = words("inside.before")
    sentence = words("inside.lesson_ranked" if ranked else "inside.lesson")
    scores = _scores(report or {}, words)

    def column(key: str, tags: Sequence[str], both: frozenset[str], **values: str) -> str:
        return _column(words(f"inside.column_{key}", **values), tags, both, words)

    if before is not None:
        forms = before.kept
        name = before.name.rsplit("/", 1)[-1]
        columns = column("before", [tag.tag for tag in before.tags], forms, name=name)
        columns += column("after", tags, forms)
        picture = f'<div class="tl-in-pair">{columns}</div>{scores}'
        return figure("before", heading, picture, sentence)
    example = next(iter((report or {}).get("examples") or []), None)
    if example is None:
        why = words("inside.not_published")
        return figure("before", heading, missing(why) + scores, words("inside.lesson_short"))
    after = [tag["tag"] for tag in example["after"]]
    forms = frozenset(map(normal_form, example["before"])) & frozenset(map(normal_form, after))
    columns = column("before_plain", example["before"], forms)
    if "checkpoint" in example:
        columns += column("checkpoint", example["checkpoint"], forms)
        columns += column("tagloop", after, forms)
    else:
        columns += column("after_plain", after, forms)
    title = example.get("title") or str(example.get("text", ""))[:80]
    picture = (
        missing(words("inside.another_article", title=title))
        + f'<div class="tl-in-pair">{columns}</div>{scores}'
    )
    return figure("before", heading, picture, sentence)


def _column(name: str, tags: Sequence[str], both: frozenset[str], words: Words) -> str:
    chips = "".join(
        f'<li class="{"tl-in-both" if normal_form(tag) in both else "tl-in-own"}">{safe(tag)}</li>'
        for tag in tags
    )
    listed = f"<ul>{chips}</ul>" if chips else f"<p>{words('inside.no_tag')}</p>"
    return f"<div><h3>{safe(name)}</h3>{listed}</div>"


def _scores(report: Mapping[str, Any], words: Words) -> str:
    """Returns F1 of the systems on the test split, as bars, where the model was measured."""
    systems = report.get("systems", {})
    found = [
        (words(f"inside.system_{key}"), (systems.get(key) or {}).get("f1@m")) for key in SYSTEMS
    ]
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
        f'<p class="tl-in-note">{words("inside.scores", split=split)}</p>'
        f'<ul class="tl-in-scores">{bars}</ul>'
    )
