"""What the base's card says of its data: counted from the data, named, and only what was read."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from tagloop.errors import UserError
from training.base.card import LOG, write_card
from training.base.examples import FILES
from training.base.measured import MEASURED
from training.base.sources import LICENCES, NAMES, SOURCES, count_sources, main, read_sources


def write_rows(folder: Path, kind: str, *rows: dict[str, Any]) -> None:
    with lzma.open(folder / FILES[kind], "wt", encoding="utf-8") as lines:
        for row in rows:
            plain = {"title": "T", "text": "x", "tags": ["a"], "license": "CC BY 4.0"}
            lines.write(json.dumps(plain | row) + "\n")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_rows(
        tmp_path, "articles",
        *[{"source": "18f", "split": "train", "license": "public domain (CC0)"}] * 3,
        {"source": "18f", "split": "test", "license": "public domain (CC0)"},
        {"source": "18f", "split": "train", "tags": []},
    )  # fmt: skip
    write_rows(tmp_path, "general", *[{"source": "rubenerd", "split": "train"}] * 2)
    write_rows(tmp_path, "titles", {"source": "medium_ds", "split": "train", "license": "unknown"})
    write_rows(tmp_path, "textbook", {"source": "openstax"}, {"source": "openstax", "tags": []})
    write_rows(tmp_path, "wiki", {"source": "wiki", "tags": []}, {"source": "wiki", "text": ""})
    return tmp_path


def test_rows_are_counted_where_an_example_is_made_of_them(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "sources.json"
    assert main(["--data", str(data), "--out", str(out)]) == 0
    counted = [(row["kind"], row["source"], row["rows"], row["share"]) for row in read_sources(out)]
    assert counted == [
        ("articles", "18f", 3, 1.0),
        ("general", "rubenerd", 2, 0.4),
        ("titles", "medium_ds", 1, 0.7),
        ("textbook", "openstax", 1, 1.0),
        ("wiki", "wiki", 1, 1.0),
    ]


def test_a_source_that_nobody_named_is_said(data: Path) -> None:
    write_rows(data, "general", {"source": "somebody", "split": "train"})
    with pytest.raises(UserError, match=r"'somebody' under 'CC BY 4\.0' has no name"):
        count_sources([str(data)])


def test_every_committed_row_has_a_name_and_a_licence() -> None:
    rows = read_sources(SOURCES)
    assert {row["kind"] for row in rows} == set(FILES)
    for row in rows:
        assert (row["name"], row["link"]) == NAMES[row["source"]] and row["rows"] > 0
        assert row["licence_link"] == LICENCES[row["licence"]]
        assert row["licence_link"] or "CC" not in row["licence"]


def test_the_card_names_what_trained_these_weights_and_no_more(tmp_path: Path) -> None:
    entries = [json.loads(line) for line in LOG.read_text(encoding="utf-8").splitlines()]
    entries = [entry for entry in entries if entry["stage"] != "general"]
    last = {"stage": "general", "seconds": 900.0, "examples": 7335, "titles_f1": 0.36}
    logs = {
        "before": entries,
        "mixed": [*entries, last | {"articles_f1": 0.29}],
        "apart": [*entries, last | {"articles_f1": 0.41, "general_f1": 0.27}],
    }
    cards = {}
    for name, lines in logs.items():
        log = tmp_path / f"{name}.jsonl"
        log.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
        write_card(tmp_path / "card.md", MEASURED, log)
        cards[name] = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert "Ruben Schade" not in cards["before"] and "`general`" not in cards["before"]
    assert (
        "[Rubenerd, by Ruben Schade](https://github.com/rubenerd/rubenerd.com) |" in cards["mixed"]
    )
    assert "| general | 15.0 | 7335 | 0.290 | – | 0.360 |" in cards["mixed"]
    assert "| general | 15.0 | 7335 | 0.410 | 0.270 | 0.360 |" in cards["apart"]
    assert "one author's diary" in cards["apart"] and "titles alone" not in cards["apart"][-600:]
