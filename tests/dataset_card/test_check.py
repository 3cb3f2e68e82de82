"""An unfinished card fails."""

from __future__ import annotations

import pytest

from dataset_card.check import check_card
from tagloop.errors import UserError

GOOD = """---
license: mit
tags:
- one
---

# A card

Text, with `code`.

## Numbers

### Deeper

| a | b |
|---|---|
| 1 | 2 |

## Code

```python
# not a heading
print("TODO", 'None')
```
"""


def test_a_finished_card_passes() -> None:
    check_card(GOOD)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Text,", "[More Information Needed],", "placeholder.*line 9"),
        ("Text,", "[more information needed],", "placeholder"),
        ("Text,", "TODO,", "placeholder 'TODO'"),
        ("Text,", "TBD,", "placeholder"),
        ("Text,", "{{ value }},", "placeholder"),
        ("Text,", "{% if x %},", "placeholder"),
        ("Text,", "Lorem ipsum,", "placeholder"),
        ("Text,", "<!-- say more -->", "placeholder"),
        ("| 1 |", "| None |", "placeholder 'None', line 17"),
        ("| 1 |", "| nan |", "placeholder"),
        ('print("TODO"', "print(None", "placeholder 'None', line 23"),
        (
            "Text, with `code`.\n\n## Numbers\n\n### Deeper",
            "## Empty\n\n## Next",
            "'A card'|'Empty'",
        ),
        ("| 1 | 2 |\n", "", "table without rows, line 15"),
        (
            "Text, with `code`.",
            "The token is hf_abcdefghijklmnopqrstuvwxyz.",
            "access token, line 9",
        ),
        ("license: mit", "license: [mit", "no YAML, line [34]"),
        ("license: mit", "license:", "no value for license"),
        ("license: mit", "license: ''", "no value for license"),
        ("license: mit", "license: .nan", "no value for license"),
        ("license: mit", "license: TBD", "placeholder TBD for license"),
        ("license: mit", "license: {}", "empty license"),
        ("- one", "- ~", r"no value for tags\.0"),
        ("license: mit", "model-index: []", "empty model-index"),
        (
            "license: mit",
            "model-index:\n- name: x\n  results: []",
            r"empty model-index\.0\.results",
        ),
        ("---\nlicense: mit\ntags:\n- one\n---\n", "", "does not begin with YAML"),
        ("license: mit\ntags:\n- one\n", "- a list\n", "holds no fields"),
    ],
)
def test_each_fault_is_named(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(UserError, match=message):
        check_card(GOOD.replace(old, new, 1))


def test_an_empty_last_section_fails() -> None:
    with pytest.raises(UserError, match="section 'End' is empty"):
        check_card(GOOD + "\n## End\n")


def test_front_matter_with_python_objects_is_not_executed() -> None:
    with pytest.raises(UserError, match="no YAML"):
        check_card("---\nx: !!python/object/apply:os.system [ls]\n---\n\ntext\n")
