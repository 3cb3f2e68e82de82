"""What it costs to look an article up in an index of any size.

To read a million articles would take hours. So the rows of an index of some real ones are drawn
again and again: as many entries, as frequent tokens and as long posting lists as a real one has.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from safetensors.numpy import save_file
from scipy import sparse
from tqdm import tqdm

from tagloop.files import NEIGHBOURS
from tagloop.ranking.neighbours import article_ids
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.model_folder import load_tokenizer
from tagloop.vocabulary.vocabulary import Vocabulary
from training.bench.growth.chart import LookUpPoint
from training.bench.growth.look_up import QUERIES
from training.bench.growth.resampled import Resampler
from training.bench.timing import significant
from training.finetune.ctranslate2_conversion import convert_sentence_encoder
from training.finetune.fit_neighbours import fit_neighbours

REAL_ROWS = 1000
"""Of the index whose rows are drawn."""
ASKED = 10
"""Articles that are looked up, one by one."""


def measure_look_ups(
    resampler: Resampler, model: Path, folder: Path, sizes: Sequence[int], words: int
) -> list[LookUpPoint]:
    """Measures each size in a fresh process, whose peak memory is its own.

    Args:
        resampler: Makes the articles.
        model: Its tokenizer gives the tokens.
        folder: For the index, which grows with the sizes.
        sizes: Articles of the index.
        words: Of an article.
    """
    convert_sentence_encoder(folder)
    encoder, tokenizer = SentenceEncoder.load(folder), load_tokenizer(model)
    assert encoder is not None
    rows = [resampler.article(words) for _ in range(min(REAL_ROWS, max(sizes)))]
    vocabulary = Vocabulary.from_tag_lists([row["tags"] for row in rows])
    real = fit_neighbours(rows, tokenizer, vocabulary, encoder)
    asked = [resampler.article(words) for _ in range(ASKED)]
    queries = {"vectors": encoder.embed([row["text"] for row in asked])}
    for number, row in enumerate(asked):
        queries[f"ids{number}"] = np.array(article_ids(tokenizer, "", row["text"])[1])
    save_file(queries, folder / QUERIES)
    points = []
    for size in tqdm(sizes, desc="looking up", unit="index"):
        save_file(redrawn(real, size), folder / NEIGHBOURS)
        done = subprocess.run(
            [sys.executable, "-m", "training.bench.growth.look_up", str(folder)],
            capture_output=True,
            text=True,
            check=True,
        )
        megabytes = (folder / NEIGHBOURS).stat().st_size / 1e6
        point = {"articles": size, "file_mb": significant(megabytes), **json.loads(done.stdout)}
        points.append(cast(LookUpPoint, point))
    return points


def redrawn(real: Mapping[str, np.ndarray], size: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Returns an index of so many articles, each drawn from a real one."""
    drawn = np.random.default_rng(seed).integers(len(real["vectors"]), size=size)
    arrays = dict(real) | {"vectors": real["vectors"][drawn], "digests": real["digests"][drawn]}
    by_article = _matrix(real, "postings", len(real["vectors"])).T.tocsr()
    arrays |= _arrays(real, "postings", by_article[drawn].T.tocsr())
    arrays |= _arrays(real, "carried", _matrix(real, "carried", int(real["tags"][0]))[drawn])
    return arrays


def _matrix(arrays: Mapping[str, np.ndarray], name: str, width: int) -> sparse.csr_array:
    starts, columns, values = (arrays[f"{name}.{part}"] for part in ("starts", "columns", "values"))
    return sparse.csr_array((values, columns, starts), shape=(len(starts) - 1, width))


def _arrays(
    real: Mapping[str, np.ndarray], name: str, matrix: sparse.csr_array
) -> dict[str, np.ndarray]:
    width = np.uint16 if matrix.shape[1] <= 2**16 else np.uint32
    return {
        f"{name}.starts": matrix.indptr.astype(np.int64),
        f"{name}.columns": matrix.indices.astype(width),
        f"{name}.values": matrix.data,
        f"{name}.scale": real[f"{name}.scale"],
    }
