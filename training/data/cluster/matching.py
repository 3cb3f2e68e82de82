"""Stages of datatrove's MinHash: articles with something in common come into one component.

In common are a band of the signatures, the address or the content. Which of them are
near-duplicates and what becomes of each is for `training.data.splits` to say, a component alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.utils.hashing import HashConfig
from datatrove.utils.word_tokenizers import WhitespaceTokenizer
from numpy.typing import NDArray

from training.data.cluster.plan import BuildPlan
from training.data.fingerprints import DIGEST
from training.data.near_duplicates import BAND_ROWS, BANDS

BUCKETS = BANDS + 2
"""One a band, one of addresses and one of contents."""
_CONFIG = MinhashConfig(
    num_buckets=BUCKETS,
    hashes_per_bucket=BAND_ROWS,
    hash_config=HashConfig(precision=32, hash_fc="sha1"),
)
_HIGHEST = np.uint32(2**32 - 2)
"""datatrove takes the highest value for the end of a file: it counts as the one before."""


class Signatures(MinhashDedupSignature):  # type: ignore[misc]
    """Writes our own signatures, instead of datatrove's, for its next stages."""

    def __init__(self, plan: BuildPlan) -> None:
        """Takes the plan."""
        # Words are for its own shingles: the default would load a package for English.
        super().__init__(f"{plan.folder.location}/signatures", _CONFIG, WhitespaceTokenizer())
        self._document: Document | None = None

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> None:
        """Writes the signatures of a rank's articles, sorted."""
        super().run(self._noted(data), rank, world_size)

    def _noted(self, documents: Iterable[Document]) -> Iterator[Document]:
        for self._document in documents:
            yield self._document

    def get_shingles(self, text: str) -> NDArray[np.uint32]:
        """Returns the keys of the present document, a row a bucket."""
        assert self._document is not None
        known = self._document.metadata
        digests = [known[name].ljust(DIGEST, b"\0") for name in ("id", "content")]
        keys = np.concatenate(
            [
                known["signature"].reshape(BANDS, BAND_ROWS),
                [np.frombuffer(digest, np.uint32)[:BAND_ROWS] for digest in digests],
            ]
        )
        keys[:, 0] = np.minimum(keys[:, 0], _HIGHEST)
        return keys

    def get_signature(self, shingles: NDArray[np.uint32]) -> list[list[int]]:
        """Returns the keys as datatrove writes them."""
        rows: list[list[int]] = shingles.tolist()
        return rows


def buckets(plan: BuildPlan) -> list[PipelineStep]:
    """Returns the stage of `BUCKETS` ranks that finds pairs."""
    folder = plan.folder.location
    return [MinhashDedupBuckets(f"{folder}/signatures", f"{folder}/pairs", config=_CONFIG)]


def components(plan: BuildPlan) -> list[PipelineStep]:
    """Returns the stage of one rank that joins pairs."""
    folder = plan.folder.location
    return [
        MinhashDedupCluster(
            f"{folder}/pairs", f"{folder}/components", _CONFIG, save_cluster_id=True
        )
    ]


def read_components(plan: BuildPlan, rank: int) -> NDArray[np.uint32]:
    """Returns the articles of a rank that are in a component: rows of index and component."""
    path = f"components/{rank:06}.clusters"
    if not plan.folder.exists(path):
        return np.empty((0, 2), np.uint32)
    with plan.folder.files.open(path, "rb") as file:
        return np.frombuffer(file.read(), "<u4").reshape(-1, 2)
