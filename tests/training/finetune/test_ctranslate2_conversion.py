"""The conversion for CTranslate2 gives the probabilities that transformers gives."""

from __future__ import annotations

import shutil
from pathlib import Path

import ctranslate2
import pytest
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from training.finetune import ctranslate2_conversion
from training.finetune.ctranslate2_conversion import convert

from ..tiny_models import make_tiny_mt5, starter_lines


@pytest.fixture(scope="module")
def tiny_mt5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of an mT5."""
    return make_tiny_mt5(tmp_path_factory.mktemp("bases") / "tiny-mt5", starter_lines()[:200])


@pytest.mark.parametrize("base", ["tiny_bart", "tiny_t5", "tiny_mt5"])
def test_both_engines_are_as_sure(
    base: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctranslate2_conversion, "QUANTIZATION", "float32")
    folder = shutil.copytree(request.getfixturevalue(base), tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    ids = tokenizer("A harbour and a pier", return_tensors="pt").input_ids
    wanted = tokenizer("harbour, pier", add_special_tokens=False, return_tensors="pt").input_ids
    with torch.no_grad():
        chances = model(input_ids=ids, labels=wanted).logits.log_softmax(-1)[0]
    theirs = chances.gather(1, wanted[0][:, None])[:, 0]
    translator = ctranslate2.Translator(str(convert(folder)), device="cpu", intra_threads=1)
    source, target = map(tokenizer.convert_ids_to_tokens, (ids[0], wanted[0]))
    (scored,) = translator.score_batch([source], [target])
    assert scored.log_probs[: len(target)] == pytest.approx(theirs.tolist(), abs=1e-3)
