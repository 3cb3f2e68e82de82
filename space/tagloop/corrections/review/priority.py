"""How much a decision on an article is worth: what a reviewer sees first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tagloop.corrections.record import PredictedTag
from tagloop.corrections.review.grouping import TagKey


def expected_value(
    predicted: Sequence[PredictedTag],
    opinions: Sequence[tuple[TagKey, int]],
    suggested: TagKey,
    counts: Mapping[str, int],
) -> float:
    """Estimates what the next model gains from a decision on one article, in 0..1.

    The mean of four figures, each in 0..1, after the query strategies in Settles, "Active
    Learning Literature Survey" (2009; section numbers are its own):

    - *change*: 1 - |P and C| / |P or C| for the model's tags P and the leading correction's C. A
      correction that changes much would change the model much (3.3, expected model change).
    - *dissent*: vote entropy over the tag sets that people gave, over its largest value for as
      many people (3.2, query by committee, where the committee are the visitors).
    - *uncertainty*: the mean binary entropy, in bits, of the model's confidences (3.1, uncertainty
      sampling, tag by tag since an article has many).
    - *rarity*: the mean of 1 - log(1 + n) / log(1 + N) over the leading correction's tags, with
      n articles of the training data that carry the tag and N that carry the commonest. What
      is rare was seen least (3.6 weighs by density for the same end: to ask for what the data
      lack and not for what they have many of).

    Args:
        predicted: The model's tags with confidences.
        opinions: Each tag set that was given and by how many people, the leading one first.
        suggested: The model's tags as a set.
        counts: Normal form without blanks to the number of articles; empty makes all rare.
    """
    leading = opinions[0][0]
    union = leading | suggested
    change = 1 - len(leading & suggested) / len(union) if union else 0.0
    people = sum(voters for _, voters in opinions)
    dissent = 0.0
    if len(opinions) > 1 and people > 1:
        shares = [voters / people for _, voters in opinions if voters]
        dissent = -sum(share * math.log(share) for share in shares) / math.log(people)
    sure = [entry.confidence for entry in predicted]
    uncertainty = sum(map(_entropy, sure)) / len(sure) if sure else 0.0
    most = math.log(1 + max(counts.values(), default=0))
    rarity = 0.0
    if leading:
        common = [math.log(1 + counts.get(form, 0)) / most if most else 0.0 for form in leading]
        rarity = 1 - sum(common) / len(common)
    return (change + dissent + uncertainty + rarity) / 4


def _entropy(chance: float) -> float:
    """Returns the binary entropy in bits."""
    if chance in (0.0, 1.0):
        return 0.0
    return -(chance * math.log2(chance) + (1 - chance) * math.log2(1 - chance))
