"""A serving process as a server starts it, measured from within.

    python -m training.bench.speed.serving MODEL ARTICLES    # run by training.bench.speed

Prints ``ready`` when the first article has its tags, and, after all of them, one line of JSON.
Imports nothing that a server would not: so peak memory and cold start are the tagger's own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tagloop.tagger.tagger import Tagger
from training.bench.peak import peak_megabytes

READY = "ready"


def fresh_process(model: Path, articles: list[dict[str, str]], folder: Path) -> dict[str, Any]:
    """Starts a process that tags the articles one by one.

    Args:
        model: Folder with the int8 conversion.
        articles: With ``title`` and ``text``.
        folder: Where the articles are handed over.

    Returns:
        ``cold_start_seconds`` from the start of the process to the first tags, ``peak_mb``,
        ``torch_imported`` and the number of ``articles``.
    """
    handed_over = folder / "articles.json"
    handed_over.write_text(json.dumps(articles), encoding="utf-8")
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "training.bench.speed.serving", str(model), str(handed_over)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() != READY:
            raise RuntimeError("the serving process ended before its first tags")
        cold = time.perf_counter() - started
        return {"cold_start_seconds": round(cold, 2), **json.loads(process.stdout.read())}


def main() -> int:
    """Serves."""
    model, handed_over = sys.argv[1:]
    tagger = Tagger.from_pretrained(model, engine="ctranslate2")
    articles = json.loads(Path(handed_over).read_text(encoding="utf-8"))
    for number, article in enumerate(articles):
        tagger.tag(article["text"], article["title"])
        if number == 0:
            print(READY, flush=True)
    report = {
        "peak_mb": round(peak_megabytes(), 1),
        "torch_imported": "torch" in sys.modules,
        "articles": len(articles),
    }
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
