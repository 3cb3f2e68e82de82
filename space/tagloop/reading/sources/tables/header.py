"""The names of a table's columns, from the cells of its header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def column_names(cells: Sequence[str]) -> list[str]:
    """Returns a name for each cell; empty for a column that has none and is left out.

    Of two with the same name the second is called ``name (2)``.
    """
    seen: Counter[str] = Counter()
    names: list[str] = []
    for cell in cells:
        name = " ".join(cell.split()).strip("\"'").strip()
        seen[name] += 1
        while name and seen[name] > 1:
            name = f"{name} ({seen[name]})"
            seen[name] += 1
        names.append(name)
    return names


def header_notes(cells: Sequence[str], names: Sequence[str]) -> list[str]:
    """Returns the sentence on columns of the same name, if there are such."""
    plain = [" ".join(cell.split()).strip("\"'").strip() for cell in cells]
    renamed = [new for old, new in zip(plain, names, strict=True) if old != new]
    if not renamed:
        return []
    shown = ", ".join(f"'{new[:80]}'" for new in renamed[:5])
    more = f" and {len(renamed) - 5} more" if len(renamed) > 5 else ""
    return [f"There are columns of the same name: the later ones are called {shown}{more}."]
