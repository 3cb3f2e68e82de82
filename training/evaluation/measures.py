"""What people call the systems and the measures of ``report.json``: in tables, cards, sentences."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """How a measure of report.json is called.

    Attributes:
        label: For people.
        hub_type: Metric of the Hub that it is one of, for the model-index.
        meaning: What it measures, as half a sentence.
    """

    label: str
    hub_type: str
    meaning: str


METRICS = {
    "f1@5": Metric("F1@5", "f1", "precision always counts five places, however few tags there are"),
    "f1@m": Metric("F1@M", "f1", "over all tags of an answer"),
    "precision@1": Metric("Precision@1", "precision", "whether the first tag is right"),
    "present_f1@m": Metric("F1@M, present", "f1", "only tags whose words stand in the article"),
    "absent_f1@m": Metric("F1@M, absent", "f1", "only tags whose words do not"),
    "f1@m_stemmed": Metric(
        "F1@M, stemmed", "f1", "tags compared by their words' stems (Porter's in English)"
    ),
    "unseen_share": Metric(
        "Unseen tags", "unseen_share", "share of an answer's tags that training never saw"
    ),
    "repeated_tags": Metric(
        "Repeated tags",
        "repeated_tags",
        "share of the answers in which a tag stands more than once",
    ),
    "empty_slots": Metric(
        "Empty slots", "empty_slots", "share of the answers with nothing between two commas"
    ),
    "spelled": Metric(
        "Usual spelling", "spelled", "of the tags that training saw, the share spelled as there"
    ),
    "rouge1": Metric("ROUGE-1", "rouge", "words in common, on the tags joined by commas"),
    "rouge2": Metric("ROUGE-2", "rouge", "word pairs in common"),
    "rougeL": Metric("ROUGE-L", "rouge", "longest common sequence of words"),
}
SYSTEMS = {
    "before": "before fine-tuning",
    "checkpoint": "checkpoint alone",
    "after": "with Tagloop",
    "most_frequent": "most frequent tags",
}
"""Keys of ``report.json``, in the order in which they are shown."""


def metric_of(name: str) -> Metric:
    """Returns a measure's names; one that is not in `METRICS` goes by its own."""
    return METRICS.get(name, Metric(name, name, ""))
