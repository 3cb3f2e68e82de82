"""What is kept of one system on one small corpus, and what it is of."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

from training.bench.peers import MODULES
from training.bench.quality.results import base_digest
from training.bench.small.corpora import Cell, SmallCorpus
from training.evaluation.scores import Values

ROOT = Path(__file__).parents[3]
OUR_CODE = (
    *("space/tagloop/text", "space/tagloop/vocabulary", "space/tagloop/generation"),
    *("space/tagloop/ranking", "space/tagloop/tagger", "training/finetune"),
)
"""Packages that decide what Tagloop answers."""


class CellResult(TypedDict):
    """A system's result; ``scores`` are of the measured articles, in their order."""

    fingerprint: str
    settings: dict[str, Any]
    seconds: float
    train: int
    validation: int
    scores: list[Values]


def result_path(out: Path, split: str, cell: Cell, system: str) -> Path:
    """Returns where a system's result is kept."""
    return out / f"small-{split}" / str(cell) / f"{system}.json"


def read_result(path: Path, fingerprint: str) -> CellResult | None:
    """Reads a result, if there is one of these rows, this code and this base."""
    if not path.is_file():
        return None
    result: CellResult = json.loads(path.read_text(encoding="utf-8"))
    return result if result["fingerprint"] == fingerprint else None


def write_result(path: Path, result: CellResult) -> None:
    """Writes a result, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")  # NaN is a score
    part.rename(path)


def fingerprint(system: str, corpus: SmallCorpus) -> str:
    """Returns a digest of a system's rows, its code and, for Tagloop, the bundled base."""
    digest = hashlib.sha256()
    for rows in (corpus.train, corpus.validation, corpus.measured):
        digest.update(repr(rows).encode("utf-8", "surrogatepass"))
    ours = system not in MODULES or system == "checkpoint"
    digest.update((_our_code() + base_digest() if ours else _peer_code(system)).encode("ascii"))
    return digest.hexdigest()[:16]


@cache
def _our_code() -> str:
    files = [path for folder in OUR_CODE for path in sorted((ROOT / folder).rglob("*.py"))]
    return code_digest([*files, ROOT / "training" / "config.py"])


@cache
def _peer_code(system: str) -> str:
    folder = ROOT / "training" / "bench"
    own = f"peers/{MODULES[system].partition(':')[0]}.py"
    shared = ("peers/tfidf.py", "peers/minilm_embedding.py", "tuning.py")
    return code_digest([folder / name for name in (own, *shared)])


def code_digest(files: Iterable[Path]) -> str:
    """Returns a digest of what modules do: comments and docstrings may change."""
    digest = hashlib.sha256()
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [line for line in body if not _is_text(line)]  # type: ignore[attr-defined]
        digest.update(ast.dump(tree).encode("utf-8"))
    return digest.hexdigest()


def _is_text(line: ast.stmt) -> bool:
    return (
        isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
    )
