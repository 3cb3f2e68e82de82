"""Pictures of the numbers in a model: tokens and their rows, its parts, one A·X + B."""

import numpy as np

from tagloop.inside.linear import LinearExample
from tagloop.inside.parameters import ParameterGroup
from tagloop.inside.pieces import Piece, TokenizedArticle
from tagloop.inside.view import SHOWN_PIECES, View
from tagloop.web.languages.words import ENGLISH, Words
from tagloop.web.tabs.inside.figure import (
    SHOWN_NUMBERS,
    decimal,
    figure,
    human,
    key,
    missing,
    scale_of,
    strip,
)
from tagloop.web.tabs.markup import safe

HUES = 4
PARTS = {"Words": "words", "Places": "places", "Output": "output", "Norms between": "norms"}
"""Of a model, beside its layers, each with its name among the words."""
SHOWN_TERMS = 4


def draw_tokens(view: View, words: Words = ENGLISH) -> str:
    """Draws the text, its pieces, their ids and the matrix."""
    shown = view.article.pieces[:SHOWN_PIECES]
    text = _coloured(view.article, shown)
    if view.rows is None:
        why = view.problem or words("inside.no_matrix")
        rows = "".join(_row(piece, place, "") for place, piece in enumerate(shown))
        picture = f'{text}<ol class="tl-in-rows">{rows}</ol>{missing(why)}'
        sentence = words("inside.tokens_plain_said")
        return figure("tokens", words("inside.tokens_plain"), picture, sentence)
    most, width = scale_of(view.rows), view.rows.shape[1]
    rows = "".join(
        _row(piece, place, strip(row, most))
        for place, (piece, row) in enumerate(zip(shown, view.rows, strict=True))
    )
    counted = words("inside.numbers_some", shown=SHOWN_NUMBERS, width=width)
    if width <= SHOWN_NUMBERS:
        counted = words("inside.numbers_all", width=width)
    head = (
        f'<p class="tl-in-head"><span>{words("inside.piece")}</span><span>id</span>'
        f"<span>{counted}</span></p>"
    )
    picture = f'{text}{head}<ol class="tl-in-rows">{rows}</ol>{_above_and_below(words)}'
    sentence = words("inside.tokens_said", pieces=len(view.article.pieces), width=width)
    return figure("tokens", words("inside.tokens"), picture, sentence)


def _above_and_below(words: Words) -> str:
    return key(("tl-in-n4", words("inside.below")), ("tl-in-p4", words("inside.above")))


def _coloured(reading: TokenizedArticle, shown: list[Piece]) -> str:
    out, at = "", 0
    for place, piece in enumerate(shown):
        if piece.end <= at:
            continue
        out += safe(reading.prompt[at : piece.begin])
        own = safe(reading.prompt[max(piece.begin, at) : piece.end])
        out += f'<span class="tl-in-piece tl-in-h{place % HUES}">{own}</span>'
        at = piece.end
    more = " …" if len(reading.pieces) > len(shown) else ""
    return f'<p class="tl-in-text" dir="auto">{out}{more}</p>'


def _row(piece: Piece, place: int, drawing: str) -> str:
    hue = f"tl-in-h{place % HUES}"
    return (
        f'<li><span class="tl-in-piece {hue}">{safe(piece.token)}</span>'
        f'<span class="tl-in-id">{piece.id}</span>{drawing}</li>'
    )


def draw_parts(view: View, words: Words = ENGLISH) -> str:
    """Draws the parts of the model, as long as they have parameters."""
    heading = words("inside.parts")
    if not view.parameters:
        why = view.problem or words("inside.parts_unknown")
        return figure("parts", heading, missing(why), words("inside.parts_none"))
    longest = max(part.total for part in view.parameters)
    rows = "".join(_part(part, longest, words) for part in view.parameters)
    picture = f'<ul class="tl-in-parts">{rows}</ul>' + key(
        ("tl-in-att", words("inside.attention")),
        ("tl-in-ff", words("inside.feed_forward")),
        ("tl-in-oth", words("inside.embeddings")),
    )
    total, matrices, biases = (
        sum(getattr(part, what) for part in view.parameters)
        for what in ("total", "matrices", "biases")
    )
    sentence = words(
        "inside.parts_said",
        total=human(total),
        matrices=matrices,
        what=words("inside.with_b") if biases else "A",
        product=_product(biases),
    )
    return figure("parts", heading, picture, sentence)


def _named(part: str, words: Words) -> str:
    side, _, number = part.partition(" layer ")
    if number:
        return words(f"inside.layer_{side.lower()}", number=number)
    return words(f"inside.part_{PARTS[part]}") if part in PARTS else part


def _part(part: ParameterGroup, longest: int, words: Words) -> str:
    kinds = (("att", part.attention), ("ff", part.feed_forward), ("oth", part.other))
    segments = "".join(
        f'<i class="tl-in-{kind}" style="flex-grow:{count / part.total:.4f}"></i>'
        for kind, count in kinds
        if count
    )
    product = _product(part.biases)
    maps = f"<small>{part.matrices} × {product}</small>" if part.matrices else ""
    return (
        f"<li><span>{safe(_named(part.name, words))}{maps}</span>"
        f'<span class="tl-in-length"><b style="width:{part.total / longest:.2%}">{segments}</b>'
        f'</span><span class="tl-in-count">{human(part.total)}</span></li>'
    )


def _product(biases: int) -> str:
    return "A·X\N{NO-BREAK SPACE}+\N{NO-BREAK SPACE}B" if biases else "A·X"


def draw_linear(view: View, words: Words = ENGLISH) -> str:
    """Draws one A·X + B with its terms and its running sum."""
    worked, heading = view.worked, words("inside.linear")
    if worked is None:
        why = view.problem or words("inside.linear_not")
        return figure("linear", heading, missing(why), words("inside.linear_not_said"))
    piece = view.article.pieces[worked.place]
    named = view.article.prompt[piece.begin : piece.end]
    rows = (
        ("A", words("inside.weights"), worked.a),
        ("X", words("inside.quoted", words=named), worked.x),
        ("A·X", words("inside.products"), worked.terms),
    )
    strips = "".join(
        f"<li><span><b>{name}</b> <small>{safe(what)}</small></span>"
        f"{strip(values, scale_of(values))}</li>"
        for name, what, values in rows
    )
    picture = (
        f'<div class="tl-in-worked"><div><ul class="tl-in-strips">{strips}</ul>'
        f"{_above_and_below(words)}{_equation(worked, words)}</div>{_running(worked, words)}</div>"
    )
    said = "inside.linear_said" if worked.b is not None else "inside.linear_said_t5"
    sentence = words(said, words=named, width=len(worked.x), row=worked.row + 1)
    return figure("linear", heading, picture, sentence)


def _running(worked: LinearExample, words: Words) -> str:
    """The sum as it grows, as a line; B as a last step of another colour."""
    sums = np.concatenate([[0.0], np.cumsum(worked.terms, dtype=np.float64)])
    low = min(float(sums.min()), worked.total, 0.0)
    high = max(float(sums.max()), worked.total, 0.0)
    span, width = (high - low) or 1.0, len(sums) - 1

    def y(value: float) -> str:
        return f"{96 - 92 * (value - low) / span:.1f}"

    points = " ".join(f"{at},{y(value)}" for at, value in enumerate(sums.tolist()))
    right = width * 1.03
    last = f'<path class="tl-in-step" d="M{width} {y(sums[-1])}H{right:.1f}V{y(worked.total)}"/>'
    return (
        f'<svg class="tl-in-running" viewBox="0 0 {right:.1f} 100" preserveAspectRatio="none" '
        f'role="img" aria-label="{words("inside.sum", sum=decimal(float(sums[-1])))}">'
        f'<path class="tl-in-zero" d="M0 {y(0.0)}H{right:.1f}"/>'
        f'<polyline points="{points}"/>{last if worked.b is not None else ""}</svg>'
    )


def _equation(worked: LinearExample, words: Words) -> str:
    pairs = zip(worked.a[:SHOWN_TERMS].tolist(), worked.x[:SHOWN_TERMS].tolist(), strict=True)
    terms = " + ".join(f"<span>{decimal(a)} × {decimal(x)}</span>" for a, x in pairs)
    rest = len(worked.x) - SHOWN_TERMS
    product = worked.total - (worked.b or 0.0)
    b = (
        ""
        if worked.b is None
        else f" + <i>{decimal(worked.b)}</i> = <b>{decimal(worked.total)}</b>"
    )
    return (
        f'<p class="tl-in-equation">{terms} + '
        f"<span>{words('inside.rest', count=rest)}</span> = "
        f"<b>{decimal(product)}</b>{b}</p>"
    )
