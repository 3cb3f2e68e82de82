"""Card metadata: what is refused, and with which words."""

from __future__ import annotations

import json

import pytest

from dataset_card.licenses import HUB_LICENSES
from training.hub.errors import HubError
from training.hub.storage.card import faults, lenient_card, read_card
from training.hub.storage.licenses import LICENSES


def test_data_and_text_are_taken_apart() -> None:
    card = read_card("---\nlicense: mit\ntags: [a, b]\n---\n# Title\n---\nmore\n")
    assert card.data == {"license": "mit", "tags": ["a", "b"]}
    assert card.text == "# Title\n---\nmore\n"


def test_without_a_block_all_is_text() -> None:
    assert read_card("# Title\n\n---\n").text == "# Title\n\n---\n"


def test_a_fault_is_named_with_line_and_column() -> None:
    with pytest.raises(HubError, match="line 3, column"):
        read_card("---\nlicense: mit\ntags: [a, b\n---\n")


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(HubError, match="more than"):
        read_card("---\n" + "\n".join(lines) + "\n---\n")


def test_dates_and_infinities_become_json() -> None:
    data = read_card("---\nday: 2026-01-02\nvalue: .inf\n1: x\n---\n").data
    assert json.loads(json.dumps(data, allow_nan=False))["day"] == "2026-01-02"


def test_a_faulty_block_is_shown_as_text() -> None:
    assert lenient_card(b"---\n[\n---\ntext").text.endswith("text")


@pytest.mark.parametrize(
    ("content", "repo_type", "expected"),
    [
        ("---\nlicense: {a: b}\n---\n", "model", "license"),
        ("---\nlicense: asdf\n---\n", "dataset", "'asdf'"),
        ("---\nsdk: static\nlicense: [mit, Apache 2.0]\n---\n", "space", "'Apache 2.0'"),
        ("---\nmodel-index: x\n---\n", "model", "model-index"),
        ("---\nmodel-index:\n- name: x\n  results: [{}]\n---\n", "model", "task, dataset"),
        ("---\nsdk: banana\n---\n", "space", "sdk"),
        ("---\nsdk: gradio\ncolorFrom: mud\n---\n", "space", "colorFrom"),
        ("---\n- a\n---\n", "dataset", "mapping"),
    ],
)
def test_faults_are_found(content: str, repo_type: str, expected: str) -> None:
    errors, _ = faults(content, repo_type)
    assert len(errors) == 1
    assert expected in errors[0]


def test_every_licence_that_our_cards_name_is_known() -> None:
    assert HUB_LICENSES | {"unknown", "other"} <= LICENSES


def test_a_missing_block_is_a_warning() -> None:
    assert faults("# Title", "model") == ([], ["empty or missing yaml metadata in repo card"])
