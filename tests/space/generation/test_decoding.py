"""Beams and sampled votes: the same names and meaning on both engines."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tagloop.errors import UserError
from tagloop.generation.candidates import Candidate, score_votes, vote_shares
from tagloop.generation.decoding import Decoding
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import normal_form

from ..article import Article


def candidates(*names: str) -> list[Candidate]:
    return [Candidate(normal_form(name), name, 0.0, place) for place, name in enumerate(names)]


def test_a_vote_is_an_output_and_no_output_votes_twice() -> None:
    outputs = [candidates("A", "B"), candidates("B", "b"), candidates("C"), []]
    shares = vote_shares(Decoding("sample"), [0.0] * 4)
    scored = score_votes(outputs, shares)
    assert {tag.display: tag.confidence for tag in scored} == {"A": 0.25, "B": 0.5, "C": 0.25}


def test_beams_share_out_their_probability_mass() -> None:
    shares = vote_shares(Decoding("beam"), [math.log(0.3), math.log(0.1)])
    assert shares == pytest.approx([0.75, 0.25])
    scored = score_votes([candidates("A", "B"), candidates("B")], shares)
    assert {tag.display: tag.confidence for tag in scored} == pytest.approx({"A": 0.75, "B": 1.0})


def test_what_cannot_be_decoded_is_said(float32_tagger: Tagger) -> None:
    with pytest.raises(UserError, match="No decoding is called 'best': take greedy, beam, sample"):
        float32_tagger.tag("Trains", decoding="best")
    for wrong in ({"outputs": 0}, {"temperature": 0.0}):
        with pytest.raises(UserError, match="at least 1 output and a temperature above 0"):
            Decoding("sample", **wrong)


def test_beams_are_the_same_on_both_engines(
    transformers_tagger: Tagger, float32_tagger: Tagger, articles: list[Article]
) -> None:
    beam = Decoding("beam", outputs=4)
    one = transformers_tagger.tag_batch(articles[:8], max_tags=10, decoding=beam)
    other = float32_tagger.tag_batch(articles[:8], max_tags=10, decoding=beam)
    same = [
        [tag.tag for tag in first] == [tag.tag for tag in second]
        for first, second in zip(one, other, strict=True)
    ]
    # The two searches end by slightly different rules, so the last of the beams may differ.
    assert sum(same) >= len(same) - 1
    for first, second in zip(one, other, strict=True):
        assert first[0].tag == second[0].tag
        assert first[0].confidence == pytest.approx(second[0].confidence, abs=0.05)
    greedy = transformers_tagger.tag_batch(articles[:8], max_tags=10)
    assert sum(map(len, one)) > sum(map(len, greedy))


@pytest.mark.parametrize("fixture", ["transformers_tagger", "float32_tagger"])
def test_samples_vote_and_a_seed_repeats_them(
    fixture: str, articles: list[Article], request: pytest.FixtureRequest
) -> None:
    tagger: Tagger = request.getfixturevalue(fixture)

    def tag(**numbers: Any) -> list[Any]:
        how = Decoding("sample", **({"outputs": 5} | numbers))
        return tagger.tag_batch(articles[:2], max_tags=50, decoding=how)

    drawn = tag()
    assert tag() == drawn
    assert tag(seed=1) != drawn
    for tags in drawn:
        assert {round(tag.confidence * 5, 3) % 1 for tag in tags} == {0}
        assert [tag.confidence for tag in tags] == sorted(
            (tag.confidence for tag in tags), reverse=True
        )
    # Two tags that are all but equally likely may still be drawn in turn.
    cold = [tag.confidence for tags in tag(temperature=0.001) for tag in tags]
    warm = [tag.confidence for tags in drawn for tag in tags]
    assert cold.count(1.0) > len(cold) / 2
    assert sum(cold) / len(cold) > sum(warm) / len(warm)
