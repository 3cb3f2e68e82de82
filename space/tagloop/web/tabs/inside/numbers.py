"""Pictures of the numbers in a model: tokens and their rows, its parts, one A·X + B."""

import numpy as np

from tagloop.inside.linear import LinearExample
from tagloop.inside.parameters import ParameterGroup
from tagloop.inside.pieces import Piece, TokenizedArticle
from tagloop.inside.view import SHOWN_PIECES, View
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
SHOWN_TERMS = 4
ABOVE_AND_BELOW = (("tl-in-n4", "below 0"), ("tl-in-p4", "above 0"))


def draw_tokens(view: View) -> str:
    """Draws the text, its pieces, their ids and the matrix."""
    shown = view.article.pieces[:SHOWN_PIECES]
    text = _coloured(view.article, shown)
    if view.rows is None:
        why = view.problem or "This model's embedding matrix has a name that is not known here."
        rows = "".join(_row(piece, place, "") for place, piece in enumerate(shown))
        picture = f'{text}<ol class="tl-in-rows">{rows}</ol>{missing(why)}'
        sentence = (
            "The article is cut into pieces that the model knows, and each piece has a number in "
            "the model's list, its id."
        )
        return figure("tokens", "From words to numbers", picture, sentence)
    most, width = scale_of(view.rows), view.rows.shape[1]
    rows = "".join(
        _row(piece, place, strip(row, most))
        for place, (piece, row) in enumerate(zip(shown, view.rows, strict=True))
    )
    counted = f"{SHOWN_NUMBERS} of its {width} numbers"
    if width <= SHOWN_NUMBERS:
        counted = f"its {width} numbers"
    head = f'<p class="tl-in-head"><span>piece</span><span>id</span><span>{counted}</span></p>'
    picture = f'{text}{head}<ol class="tl-in-rows">{rows}</ol>{key(*ABOVE_AND_BELOW)}'
    sentence = (
        f"The article is cut into {len(view.article.pieces)} pieces that the model knows, each "
        f"piece's id picks a row of {width} numbers, and the rows are the matrix that the model "
        "computes with."
    )
    return figure("tokens", "From words to a matrix of numbers", picture, sentence)


def _coloured(reading: TokenizedArticle, shown: list[Piece]) -> str:
    out, at = "", 0
    for place, piece in enumerate(shown):
        if piece.end <= at:
            continue
        out += safe(reading.prompt[at : piece.begin])
        words = safe(reading.prompt[max(piece.begin, at) : piece.end])
        out += f'<span class="tl-in-piece tl-in-h{place % HUES}">{words}</span>'
        at = piece.end
    more = " …" if len(reading.pieces) > len(shown) else ""
    return f'<p class="tl-in-text" dir="auto">{out}{more}</p>'


def _row(piece: Piece, place: int, drawing: str) -> str:
    hue = f"tl-in-h{place % HUES}"
    return (
        f'<li><span class="tl-in-piece {hue}">{safe(piece.token)}</span>'
        f'<span class="tl-in-id">{piece.id}</span>{drawing}</li>'
    )


def draw_parts(view: View) -> str:
    """Draws the parts of the model, as long as they have parameters."""
    heading = "Where the parameters are"
    if not view.parameters:
        why = view.problem or "The parts of this model have names that are not known here."
        return figure("parts", heading, missing(why), "Without its weights nothing can be counted.")
    longest = max(part.total for part in view.parameters)
    rows = "".join(_part(part, longest) for part in view.parameters)
    picture = f'<ul class="tl-in-parts">{rows}</ul>' + key(
        ("tl-in-att", "attention"), ("tl-in-ff", "feed-forward"), ("tl-in-oth", "embeddings, norms")
    )
    total, matrices, biases = (
        sum(getattr(part, what) for part in view.parameters)
        for what in ("total", "matrices", "biases")
    )
    what = "A with their B" if biases else "A"
    sentence = (
        f"A bar is as long as its part has some of the {human(total)} parameters, and in the "
        "coloured parts, where attention mixes the pieces and feed-forward works on each of them, "
        f"{matrices} matrices {what} turn every piece's row X into {_product(biases)}."
    )
    return figure("parts", heading, picture, sentence)


def _part(part: ParameterGroup, longest: int) -> str:
    kinds = (("att", part.attention), ("ff", part.feed_forward), ("oth", part.other))
    segments = "".join(
        f'<i class="tl-in-{kind}" style="flex-grow:{count / part.total:.4f}"></i>'
        for kind, count in kinds
        if count
    )
    product = _product(part.biases)
    maps = f"<small>{part.matrices} × {product}</small>" if part.matrices else ""
    return (
        f"<li><span>{safe(part.name)}{maps}</span>"
        f'<span class="tl-in-length"><b style="width:{part.total / longest:.2%}">{segments}</b>'
        f'</span><span class="tl-in-count">{human(part.total)}</span></li>'
    )


def _product(biases: int) -> str:
    return "A·X\N{NO-BREAK SPACE}+\N{NO-BREAK SPACE}B" if biases else "A·X"


def draw_linear(view: View) -> str:
    """Draws one A·X + B with its terms and its running sum."""
    worked, heading = view.worked, "One A·X + B, worked out"
    if worked is None:
        why = view.problem or (
            "This picture can be drawn for models with the shape of BART or T5 and for articles "
            "with a word."
        )
        return figure("linear", heading, missing(why), "A·X + B is what every coloured part does.")
    piece = view.article.pieces[worked.place]
    words = view.article.prompt[piece.begin : piece.end]
    width = len(worked.x)
    rows = (
        ("A", "its weights", worked.a),
        ("X", f"“{words}”", worked.x),
        ("A·X", "products", worked.terms),
    )
    strips = "".join(
        f"<li><span><b>{name}</b> <small>{safe(what)}</small></span>"
        f"{strip(values, scale_of(values))}</li>"
        for name, what, values in rows
    )
    picture = (
        f'<div class="tl-in-worked"><div><ul class="tl-in-strips">{strips}</ul>'
        f"{key(*ABOVE_AND_BELOW)}{_equation(worked)}</div>{_running(worked)}</div>"
    )
    b = "then B is added, and" if worked.b is not None else "in a T5 no B is added, and"
    sentence = (
        f"For “{words}”, {width} numbers of X are multiplied with row {worked.row + 1} of a real "
        f"matrix A in the first encoder layer, the line adds the products up from left to right, "
        f"{b} the sum is one number of the piece's next row."
    )
    return figure("linear", heading, picture, sentence)


def _running(worked: LinearExample) -> str:
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
        f'role="img" aria-label="The sum grows to {decimal(float(sums[-1]))}.">'
        f'<path class="tl-in-zero" d="M0 {y(0.0)}H{right:.1f}"/>'
        f'<polyline points="{points}"/>{last if worked.b is not None else ""}</svg>'
    )


def _equation(worked: LinearExample) -> str:
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
        f'<p class="tl-in-equation">{terms} + <span>… {rest} more</span> = '
        f"<b>{decimal(product)}</b>{b}</p>"
    )
