"""What others have published on these sets, quoted from where it stands; never measured here.

Their protocols are not ours, so a few points say nothing: see ``PROTOCOLS``.
"""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """F1@5 and F1@10 (0..1) of all keyphrases on one set; None where none is given."""

    system: str
    set_name: str
    f1_at_5: float | None
    f1_at_10: float


YAKE_SOURCE = (
    "Campos et al., YAKE! (Information Sciences 509, 2020), the table in the README of "
    "github.com/LIAAD/yake at 03d82fb"
)
PROMPTRANK_SOURCE = (
    "Kong et al., PromptRank (ACL 2023), the table in the README of github.com/NKU-HLT/PromptRank"
)
SOURCES = {
    "YAKE, as published": YAKE_SOURCE,
    "best before YAKE, as published there": YAKE_SOURCE,
    "PromptRank (T5-base), as published": PROMPTRANK_SOURCE,
}
PUBLISHED = tuple(
    Published(system, *figures)
    for system, rows in {
        "YAKE, as published": (
            ("inspec", None, 0.316),
            ("nus", None, 0.256),
            ("kdd", None, 0.156),
            ("semeval2010", None, 0.211),
            ("semeval2017", None, 0.329),
        ),
        "best before YAKE, as published there": (
            ("inspec", None, 0.378),  # SingleRank
            ("nus", None, 0.314),  # KPMiner
            ("kdd", None, 0.115),  # TF-IDF
            ("semeval2010", None, 0.261),  # KPMiner
            ("semeval2017", None, 0.449),  # SingleRank
        ),
        "PromptRank (T5-base), as published": (
            ("inspec", 0.3173, 0.3788),
            ("semeval2017", 0.2714, 0.3776),
            ("semeval2010", 0.1724, 0.2066),
            ("duc2001", 0.2739, 0.3159),
            ("nus", 0.1724, 0.2013),
        ),
    }.items()
    for figures in rows
)
PROTOCOLS = (
    "Published figures are of all documents of a set (YAKE: Inspec 2,000, NUS 209, KDD 755, "
    "SemEval 2010 243, SemEval 2017 493), ours of a sample without near-duplicates; YAKE reads "
    "whole texts and PromptRank 512 tokens, ours the beginning that each system reads elsewhere; "
    "and they average and count otherwise. A few points of difference say nothing."
)
