"""Files of many articles, sound ones spoiled in places, through the readers of Batch.

Both documents and batches are read in processes of their own, which answer with a sentence whatever
happens in them; here they are read without one, so that an exception shows.
"""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from tagloop.batch.opened_file import OpenedFile
from tagloop.batch.results import begin_result
from tagloop.batch.rows import RowTags
from tagloop.errors import UserError

from .hostile import RAW_JSON, TEXTS, cards, raw_bytes
from .wire import Tally

MOST_ROWS = 200


@dataclass(frozen=True)
class Dropped:
    """A file: ending and content."""

    ending: str
    content: bytes


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _sound() -> dict[str, list[bytes]]:
    article = b"---\ntitle: Title\ntags: [a]\n---\nSome words of an article.\n"
    lines = "\n".join(json.dumps({"title": "Title", "text": f"Words {n}."}) for n in range(3))
    table = "title,text,tags\nTitle,Some words.,a\n" + '"a ""b""",' + '"two\nlines",\n'
    toml = b"+++\ntitle = 'T'\n[taxonomies]\ntags = ['a']\n+++\nSome words of an article.\n"
    org = b"#+TITLE: T\n#+FILETAGS: :a:\n\nSome words of an article.\n"
    page = (
        b"<!doctype html><html><head><title>T</title></head><body><p>Some words.</p></body></html>"
    )
    objects = [json.loads(line) for line in lines.split("\n")]
    return {
        ".csv": [table.encode(), table.encode("utf-16"), b'"' + b"x" * 200_000],
        ".tsv": [table.replace(",", "\t").encode()],
        ".jsonl": [lines.encode(), *RAW_JSON],
        ".json": [json.dumps(objects).encode(), json.dumps({"posts": objects}).encode(), *RAW_JSON],
        ".zip": [
            _zip({"a.md": article, "b/c.md": article, "../d.md": article}),
            _zip({"a.md": toml, "b.org": org, "c.html": page, "d.txt": b"Some words."}),
        ],
        ".md": [article, toml],
    }


@st.composite
def dropped_files(draw: st.DrawFn) -> Dropped:
    """Draws a file, mostly a sound one with something put in, taken out or turned over."""
    ending = draw(st.sampled_from(sorted(SOUND)))
    if ending == ".zip" and draw(st.booleans()):
        return Dropped(ending, _zip({"a.md": draw(cards()), "b.md": draw(raw_bytes)}))
    content = draw(st.sampled_from(SOUND[ending]))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(content)))
        taken = draw(st.sampled_from([0, 0, 1, 4, 50]))
        texts = st.sampled_from(TEXTS).map(lambda text: text.encode(errors="replace"))
        content = content[:at] + draw(raw_bytes | texts) + content[at + taken :]
    return Dropped(ending, content[: draw(st.sampled_from([None, None, None, len(content) // 2]))])


SOUND = _sound()


def read(file: Dropped, folder: Path) -> None:
    """Reads a file and writes it again with tags.

    Raises:
        Exception: Any but the `UserError` that a visitor is shown.
    """
    path = folder / f"{uuid.uuid4().hex}{file.ending}"
    path.write_bytes(file.content)
    try:
        batch = OpenedFile(path, {})
        result = begin_result(folder / f"tagged{batch.form.ending}", batch.form)
        rows = batch.read(MOST_ROWS)
        tagged = [RowTags(["a", "=b"], [0.5, 0.25], row.problem) for row in rows]
        for row, tags, piece in zip(rows, tagged, batch.write(tagged), strict=True):
            result.add(row, tags, piece)
        batch.notes()
        batch.close()
        result.close()
    except UserError:
        pass
    finally:
        path.unlink()


def search_files(
    folder: Path,
    tally: Tally,
    how: settings,
    start: int = 0,
    after: Callable[[], object] = lambda: None,
) -> None:
    """Tries files against the readers of Batch.

    Raises:
        Exception: A reader failed in a way that no visitor could be told.
    """

    def holds(file: Dropped) -> None:
        read(file, folder)
        tally.inputs["files"] += 1
        after()

    seed(start)(how(given(dropped_files())(holds)))()
