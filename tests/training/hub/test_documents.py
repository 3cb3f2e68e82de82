"""JSON and YAML from outside: a value that JSON can carry on, or one sentence."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from training.hub import documents
from training.hub.documents import MAX_DEPTH, MalformedError, parse_json, parse_yaml

from ...fuzz.hostile import BOMB, MERGE_BOMB, RAW_JSON, cards, values
from ...fuzz.profiles import every_time


def carried(value: Any) -> Any:
    """Sends a value as the Hub does, which fails at NaN, surrogates and nests."""
    return json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False, indent=1).encode())


@pytest.mark.parametrize("loader", sorted({documents.LOADER, yaml.SafeLoader}, key=str))
@every_time(150)
@given(content=cards() | st.text(max_size=200).map(str.encode))
def test_any_yaml_is_a_value_or_a_sentence(loader: Any, content: bytes) -> None:
    kept, documents.LOADER = documents.LOADER, loader
    try:
        value = parse_yaml(content.decode(errors="replace").removeprefix("---"))
    except MalformedError as error:
        assert "\n" not in str(error)
    else:
        assert carried(value) == value
    finally:
        documents.LOADER = kept


@every_time(150)
@given(content=st.sampled_from(RAW_JSON) | st.binary(max_size=60) | values.map(json.dumps))
def test_any_json_is_a_value_or_a_sentence(content: bytes | str) -> None:
    try:
        value = parse_json(content.encode() if isinstance(content, str) else content)
    except MalformedError:
        return
    assert carried(value) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: [1.5, true, ~, x]", {"a": 1, "b": [1.5, True, None, "x"]}),
        ("a: &x {k: v}\nb: *x", {"a": {"k": "v"}, "b": {"k": "v"}}),
        ("{a: &x {k: v, l: w}, b: {<<: *x, k: own}}",
         {"a": {"k": "v", "l": "w"}, "b": {"k": "own", "l": "w"}}),
        ("{a: no, b: 1:00:00, c: 2026-01-02, d: '1'}",
         {"a": "no", "b": "1:00:00", "c": "2026-01-02", "d": "1"}),
        ("a: 0x1F\nb: 0o17\nc: 1_000\nd: !!str 5", {"a": 31, "b": 15, "c": 1000, "d": "5"}),
        ("1: a\nnull: b\ntrue: c", {"1": "a", "null": "b", "true": "c"}),
        ("a: " + "9" * 5000, {"a": "9" * 5000}),
        ("", None),
    ],
)  # fmt: skip
def test_yaml_is_read_as_the_hub_reads_it(text: str, expected: Any) -> None:
    assert parse_yaml(text) == expected


def test_the_deepest_nest_is_carried_and_one_more_is_not() -> None:
    deep = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert carried(parse_json(deep)) == parse_yaml(deep.decode())
    with pytest.raises(MalformedError, match="deep"):
        parse_json(b"[" + deep + b"]")
    with pytest.raises(MalformedError, match="deep"):
        parse_yaml(f"[{deep.decode()}]")


LONG_ALIASES = f"a: &x '{'x' * 9_000}'\nb: [{'*x,' * 9_000}]"


@pytest.mark.parametrize("text", [BOMB, MERGE_BOMB, LONG_ALIASES])
def test_aliases_cost_no_more_than_what_is_written(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(MalformedError, match="aliases counted"):
        parse_yaml(text)
    assert time.process_time() - begun < 3
