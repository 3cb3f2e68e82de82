"""What the nearest training articles say of a row: hints for its prompt, and a teacher's tags.

They are those of ``tagloop.ranking.neighbours`` over the recipe's articles and titles, with one
difference: a training row must not find itself, or its hints would be its answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from tagloop.ranking.neighbours import NEAR, SHARPNESS, Neighbours, article_ids, weigh
from tagloop.vocabulary.vocabulary import Vocabulary
from training.base.examples import MAX_TAGS, Row, target_form
from training.finetune.fit_neighbours import fit_neighbours

HINTS = 5
LEAST_HINT = 0.1
"""A tag is a hint from this share of the neighbours' say on."""
LEAST_TAUGHT, LEAST_TAUGHT_TITLES = 0.3, 0.6
"""A tag that the author did not give is taught from this share on, for rows with and without text.
On 250 validation rows each, tags of such a share were the author's in half of the cases (0.49 at
0.3 to 0.4 with text, 0.38 at 0.6 to 0.7 without), about as often as the base's own."""
HINT_LINE = "\nsimilar articles: "


class _LeavingOut(Neighbours):
    """Neighbours that can leave articles out for one look-up."""

    def near(
        self, title_ids: Sequence[int], text_ids: Sequence[int], left_out: Collection[int]
    ) -> np.ndarray:
        """Returns the share (0..1) of the nearest articles' say for every tag, (tags,)."""
        tokens, weights = weigh(title_ids, text_ids, self.idf)
        alike = self._postings.sum_of_long_rows(tokens, weights, self._articles)
        alike[list(left_out)] = -1.0
        return self._lent(alike, NEAR, SHARPNESS)


class RowNeighbours:
    """The training rows of articles and titles, to be asked for the tags of a row's neighbours."""

    def __init__(self, rows: Sequence[Row], tokenizer: Any) -> None:
        """Indexes the rows.

        Args:
            rows: Training rows, each once.
            tokenizer: Of the base.
        """
        self._tokenizer = tokenizer
        self._vocabulary = Vocabulary.from_tag_lists([row.tags for row in rows])
        articles = [{"title": row.title, "text": row.text, "tags": row.tags} for row in rows]
        self._neighbours = _LeavingOut(fit_neighbours(articles, tokenizer, self._vocabulary, None))
        self._tags = [
            target_form(self._vocabulary.display(form)) for form in self._vocabulary.counts
        ]
        self._titled: dict[str, list[int]] = defaultdict(list)
        for place, row in enumerate(rows):
            self._titled[row.title.casefold()].append(place)
        self._known: dict[Row, dict[str, float]] = {}

    def shares(self, row: Row) -> dict[str, float]:
        """Returns the neighbours' tags, in the base's form, with their share, greatest first.

        A training row finds neither itself nor others of its title, which are mostly its copies.
        """
        if row not in self._known:
            own = self._titled.get(row.title.casefold(), []) if row.split == "train" else []
            near = self._neighbours.near(*article_ids(self._tokenizer, row.title, row.text), own)
            places = [int(place) for place in np.argsort(-near)[:20] if near[place] > 0]
            self._known[row] = {self._tags[place]: float(near[place]) for place in places}
        return self._known[row]

    def hints(self, row: Row) -> list[str]:
        """Returns the strongest tags of the neighbours."""
        shares = self.shares(row)
        return [tag for tag, share in shares.items() if share >= LEAST_HINT][:HINTS]

    def taught(self, row: Row) -> list[str]:
        """Returns the teacher's tags for a row.

        A tag scores what the neighbours say of it (0..1), plus 1 if the author gave it: the
        author's tags come first, those that similar articles share before the others, then what
        similar articles agree on and the author did not give. At most ``MAX_TAGS``.
        """
        canonical = self._vocabulary.canonical
        shares = {canonical(tag): (tag, share) for tag, share in self.shares(row).items()}
        theirs = {canonical(tag): tag for tag in row.tags}
        kept = sorted(theirs, key=lambda form: -shares.get(form, ("", 0.0))[1])
        least = LEAST_TAUGHT if row.text else LEAST_TAUGHT_TITLES
        kept += [form for form, (_, share) in shares.items() if share >= least]
        names = {form: theirs.get(form) or shares[form][0] for form in kept}
        return list(names.values())[:MAX_TAGS]


def with_hints(prompt: str, hints: Sequence[str], tokenizer: Any, max_tokens: int) -> str:
    """Appends hints to a prompt, whose end is cut so that they fit into ``max_tokens``."""
    if not hints:
        return prompt
    line = HINT_LINE + ", ".join(hints)
    room = max_tokens - len(tokenizer(line).input_ids)  # both counts with special tokens: safe
    encoded = tokenizer(
        prompt, truncation=True, max_length=max(room, 2), return_offsets_mapping=True
    )
    end = max((last for _, last in encoded.offset_mapping), default=0)
    return prompt[:end] + line
