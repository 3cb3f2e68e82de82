"""tag_f1: F1 of generated tags against human ones, as an ``evaluate`` metric.

    metric = evaluate.load("training/evaluation/metrics/tag_f1")
    metric.compute(predictions=[["Python", "SQL"]], references=[["python"]])

Loads offline from its folder; needs this project installed (``pip install -e .``).
"""

from __future__ import annotations

import datasets
import evaluate

from training.evaluation.scores import article_scores, bootstrap

_DESCRIPTION = """
F1 of tags compared by normal form (case, hyphens and punctuation folded), macro over articles:
f1@5 (precision always divided by 5), f1@m (all tags), precision@1, f1@m on Porter stems, with texts
also present_f1@m and absent_f1@m, and ROUGE-1/2/L of the comma-joined tags.
"""
_CITATION = """
@inproceedings{yuan-etal-2020-one,
  title = {One Size Does Not Fit All: Generating and Evaluating Variable Number of Keyphrases},
  author = {Yuan, Xingdi and Wang, Tong and Meng, Rui and Thaker, Khushboo and Brusilovsky, Peter
            and He, Daqing and Trischler, Adam},
  booktitle = {ACL}, year = {2020}
}
"""
_INPUTS = """
Args:
    predictions: list of lists of tags, the best first.
    references: list of lists of the authors' tags.
    texts: optional list of title and text, for the present/absent split.
    known: optional list of training tags' normal forms, for the share of unseen tags.
Returns:
    dict of measure to value (0..1).
"""


class TagF1(evaluate.Metric):  # type: ignore[misc, unused-ignore]
    """The metric; see the module's docstring."""

    def _info(self) -> evaluate.MetricInfo:
        tags = datasets.Sequence(datasets.Value("string"))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": tags, "references": tags}),
        )

    def _compute(
        self,
        predictions: list[list[str]],
        references: list[list[str]],
        texts: list[str] | None = None,
        known: list[str] | None = None,
    ) -> dict[str, float]:
        vocabulary = None if known is None else frozenset(known)
        rows = [
            article_scores(ours, theirs, texts[index] if texts else None, vocabulary)
            for index, (ours, theirs) in enumerate(zip(predictions, references, strict=True))
        ]
        return {name: interval.value for name, interval in bootstrap(rows, samples=1).items()}
