"""Training: from a dataset folder to a model folder, interrupted, resumed, repeated, refused."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import DatasetDict
from huggingface_hub import HfApi
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    GenerationConfig,
    LEDConfig,
    LEDForConditionalGeneration,
)

from tagloop.errors import UserError
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.model_folder import load_vocabulary
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form
from training.config import TAG_ORDERS, TrainConfig, parse_config
from training.data.corpus import Corpus, load_corpus
from training.finetune import train
from training.finetune.preprocess import (
    INSTRUCTION_TEMPLATE,
    base_fingerprint,
    by_frequency,
    decoding_defaults,
    features,
    load_base,
    tagging_settings,
)
from training.finetune.training_log import command_of, parameter_counts

from ..tiny_models import make_tiny_bart

FAST = ["--batch_size", "2", "--max_input_tokens", "64", "--max_new_tokens", "12"]
FAST += ["--learning_rate", "3e-3", "--warmup", "0.1"]
EPOCHS = 6
LONG = ["--epochs", str(EPOCHS), "--patience", str(EPOCHS)]
STEPS_AN_EPOCH = 6  # a dozen articles, two a step
ARTICLE = {"title": "The bank's chatbot", "text": "It answers before you have finished typing."}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps default folders such as ``build/`` away from the project's own."""
    monkeypatch.chdir(tmp_path)


@dataclass(frozen=True)
class Trained:
    """One finished training."""

    folder: Path
    output: str

    @property
    def log(self) -> dict[str, Any]:
        path = self.folder / "training_log.json"
        written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return written

    def values(self, name: str) -> list[tuple[int, float]]:
        """Returns (step, value) of the log's entries that have this value."""
        return [(entry["step"], entry[name]) for entry in self.log["log"] if name in entry]


@pytest.fixture(scope="module")
def trained(
    dataset: Path,
    tiny_bart: Path,
    tiny_t5: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Trained]:
    """Returns what comes of the BART in float32 and of the T5 in bf16."""
    folder = tmp_path_factory.mktemp("trained")
    results = {}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in one order, in this process and in others
    for name, base, precision in (("bart", tiny_bart, "fp32"), ("t5", tiny_t5, "bf16")):
        flags = command(dataset, base, folder / name, *LONG, "--precision", precision)
        with contextlib.redirect_stdout(io.StringIO()) as told:
            assert train.main(flags) == 0
        results[name] = Trained(folder / name, told.getvalue())
    torch.set_num_threads(threads)
    return results


def command(dataset: Path, base: Path, output: Path, *more: str) -> list[str]:
    flags = ["--dataset", str(dataset), "--base", str(base), "--output_dir", str(output)]
    return [*flags, *FAST, "--precision", "fp32", *more]


@pytest.mark.parametrize("name", ["bart", "t5"])
def test_the_model_folder_is_stock(trained: dict[str, Trained], name: str) -> None:
    folder = trained[name].folder
    inputs = AutoTokenizer.from_pretrained(folder)("\n".join(ARTICLE.values()), return_tensors="pt")
    model, loading = AutoModelForSeq2SeqLM.from_pretrained(folder, output_loading_info=True)
    assert not any(loading.values())
    written = model.generate(**inputs)
    assert written.shape[0] == 1 and 1 < written.shape[1] <= 13  # max_new_tokens and the start
    assert (folder / "ctranslate2" / "model.bin").is_file()
    for file in ("tagging.json", "tags.json", "training_log.json", "generation_config.json"):
        assert json.loads((folder / file).read_text(encoding="utf-8"))
    assert not list(folder.glob("*.bin"))  # no pickle
    for engine in ("transformers", "ctranslate2"):
        assert Tagger.from_pretrained(folder, engine=engine).engine == engine


@pytest.mark.parametrize("name", ["bart", "t5"])
def test_stock_decode_spells_tags_as_people_do(trained: dict[str, Trained], name: str) -> None:
    folder = trained[name].folder
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tags = load_vocabulary(folder).tags[:6]
    generated = ", , ".join([*tags, *reversed(tags)])
    ids = tokenizer(generated.lower() if name == "bart" else generated).input_ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == ", ".join(tags)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    inputs = tokenizer("\n".join(ARTICLE.values()), return_tensors="pt")
    written = str(tokenizer.decode(model.generate(**inputs)[0], skip_special_tokens=True))
    assert written.split(", ") == list(dict.fromkeys(written.split(", ")))


def test_tagging_json_says_what_training_did(trained: dict[str, Trained], dataset: Path) -> None:
    corpus = load_corpus(str(dataset))
    for name, template in (("bart", INSTRUCTION_TEMPLATE), ("t5", INSTRUCTION_TEMPLATE)):
        settings = TaggingSettings.load(trained[name].folder)
        assert settings.prompt_template == template == trained[name].log["prompt_template"]
        assert settings.max_input_tokens == 64
        assert settings.base_model == f"tiny-{name}" == trained[name].log["base_model"]
        assert settings.dataset == corpus.source == trained[name].log["dataset"]
    content = json.loads((trained["bart"].folder / "tags.json").read_text(encoding="utf-8"))
    vocabulary = Vocabulary.from_json(content)
    wanted = {normal_form(tag) for tags in corpus.splits["train"]["tags"] for tag in tags}
    assert set(vocabulary.counts) | set(vocabulary.aliases) == wanted


@pytest.mark.parametrize(("name", "precision"), [("bart", "fp32"), ("t5", "bf16")])
def test_the_log_shows_a_falling_loss_and_an_evaluation_an_epoch(
    trained: dict[str, Trained], name: str, precision: str
) -> None:
    losses = trained[name].values("loss")
    assert losses[-1][1] < losses[0][1] - 0.1
    assert [step for step, _ in trained[name].values("eval_f1@m")] == [
        STEPS_AN_EPOCH * epoch for epoch in range(1, EPOCHS + 1)
    ]
    assert all(0 <= value <= 1 for _, value in trained[name].values("eval_f1@5"))
    assert all(math.isfinite(value) for _, value in trained[name].values("eval_loss"))
    log = trained[name].log
    assert log["precision"] == precision
    assert log["examples"] == {"train": 12, "validation": 3}
    assert log["hyperparameters"]["epochs"] == EPOCHS
    assert log["best"]["metric"] == "f1@m"
    assert log["best"]["value"] == pytest.approx(
        max(value for _, value in trained[name].values("eval_f1@m")), abs=1e-4
    )
    assert log["emissions"]["grams"] > 0 and log["emissions"]["seconds"] >= log["seconds"]
    assert set(log["versions"]) >= {"python", "torch", "transformers", "datasets"}
    assert str(trained[name].folder.parent) not in json.dumps(log)  # no path of this machine
    model = AutoModelForSeq2SeqLM.from_pretrained(trained[name].folder)
    counts = log["parameters"]
    assert counts == parameter_counts(model)
    assert counts["total"] == sum(parameter.numel() for parameter in model.parameters())


def test_the_steps_of_the_talk_are_told_in_order(trained: dict[str, Trained]) -> None:
    told = [line for line in trained["bart"].output.splitlines() if line.startswith("[")]
    assert [line.split("]")[0] for line in told] == [f"[{step}/8" for step in range(1, 9)]


@pytest.mark.parametrize(("base", "start"), [("tiny_bart", "[CLS]"), ("tiny_t5", "<pad>")])
def test_labels_do_not_begin_with_the_decoders_start(
    dataset: Path, base: str, start: str, request: pytest.FixtureRequest
) -> None:
    folder = str(request.getfixturevalue(base))
    config = TrainConfig(base=folder, max_input_tokens=64, tag_order="author")
    corpus = load_corpus(str(dataset))
    model, tokenizer, base_id = load_base(config.base)
    settings = tagging_settings(config, corpus, base_id)
    data = features(corpus, "train", tokenizer, model, settings, config)
    assert tokenizer.convert_tokens_to_ids(start) == model.config.decoder_start_token_id
    for row, article in zip(data, corpus.splits["train"], strict=True):
        assert row["labels"][0] != model.config.decoder_start_token_id
        assert row["labels"][-1] == tokenizer.eos_token_id
        assert row["length"] == len(row["input_ids"]) <= 64
        written = tokenizer.decode(row["labels"], skip_special_tokens=True)
        lower = base == "tiny_bart"
        assert normal_form(written.split(",")[0]) == normal_form(
            article["tags"][0].lower() if lower else article["tags"][0]
        )
        prompt = tokenizer.decode(row["input_ids"], skip_special_tokens=True)
        assert prompt.lower().replace(" :", ":").startswith("generate tags: ")


def test_answers_have_the_tags_of_most_articles_first_or_the_authors_order(
    dataset: Path, tiny_bart: Path
) -> None:
    corpus = load_corpus(str(dataset))
    counts = corpus.train_vocabulary().counts
    model, tokenizer, base_id = load_base(str(tiny_bart))
    rows = corpus.splits["train"]["tags"]
    written = {}
    for order in TAG_ORDERS:
        config = TrainConfig(base=str(tiny_bart), max_input_tokens=64, tag_order=order)
        settings = tagging_settings(config, corpus, base_id)
        data = features(corpus, "train", tokenizer, model, settings, config)
        texts = [tokenizer.decode(row["labels"], skip_special_tokens=True) for row in data]
        written[order] = [[normal_form(tag) for tag in text.split(",")] for text in texts]
    assert written["author"] == [[normal_form(tag) for tag in tags] for tags in rows]
    assert written["frequency"] == [
        sorted(tags, key=lambda tag: -counts[tag]) for tags in written["author"]
    ]
    assert written["frequency"] != written["author"]
    with pytest.raises(UserError, match="--tag_order best: take frequency or author"):
        TrainConfig(tag_order="best")


def test_a_base_keeps_its_own_prompt_unless_told_otherwise(
    dataset: Path, tiny_bart: Path, tmp_path: Path
) -> None:
    base = shutil.copytree(tiny_bart, tmp_path / "base")
    TaggingSettings(prompt_template="{title}\n{text}").save(base)
    corpus = load_corpus(str(dataset))
    for config, template in (
        (TrainConfig(base=str(base)), "{title}\n{text}"),
        (TrainConfig(), "{title}\n{text}"),  # the bundled base
        (TrainConfig(base=str(tiny_bart)), INSTRUCTION_TEMPLATE),
        (TrainConfig(base=str(base), prompt_template="Tags for {text}:"), "Tags for {text}:"),
    ):
        assert tagging_settings(config, corpus, "x").prompt_template == template


def test_training_stops_early_when_nothing_gets_better(
    dataset: Path, tiny_bart: Path, tmp_path: Path
) -> None:
    flags = command(dataset, tiny_bart, tmp_path / "model", "--epochs", "9", "--patience", "1")
    assert train.main([*flags, "--learning_rate", "0"]) == 0
    evaluated = Trained(tmp_path / "model", "").values("eval_loss")
    assert [step for step, _ in evaluated] == [STEPS_AN_EPOCH, 2 * STEPS_AN_EPOCH]


ATTEMPTS = 4


def start(flags: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "training.train", *flags],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell's background jobs ignore Ctrl-C, and so would what the tests start in one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 240
    while not condition():
        assert process.poll() is None, "the training ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_interrupted_and_killed_training_ends_as_if_nothing_had_happened(
    trained: dict[str, Trained],
    dataset: Path,
    tiny_bart: Path,
    tmp_path: Path,
) -> None:
    """Also: the same seed gives the same losses, and half a checkpoint is passed over.

    It is all one to the training whether accelerate starts it.
    """
    flags = command(dataset, tiny_bart, tmp_path / "model", *LONG)
    checkpoints = tmp_path / "model" / "checkpoints"

    def steps() -> int:
        found = checkpoints.glob("checkpoint-*/trainer_state.json")
        return max((int(path.parent.name.split("-")[1]) for path in found), default=0)

    for _ in range(ATTEMPTS):
        process = start(flags)
        wait_for(lambda: steps() > 0, process)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=240)
        if process.returncode != 0:
            break
        shutil.rmtree(tmp_path / "model")  # a fast machine had finished before the signal came
    assert process.returncode == 130
    assert told.rstrip().endswith("with --resume goes on from the last checkpoint")

    before = steps()
    process = start([*flags, "--resume"])
    wait_for(lambda: steps() > before, process)
    process.kill()
    process.communicate(timeout=240)
    assert steps() < EPOCHS * STEPS_AN_EPOCH
    assert not (tmp_path / "model" / "training_log.json").exists()
    half = checkpoints / f"checkpoint-{EPOCHS * STEPS_AN_EPOCH + 1}"
    half.mkdir()
    shutil.copy(checkpoints / f"checkpoint-{steps()}" / "model.safetensors", half)

    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "1"]
    launcher += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    result = subprocess.run(
        [*launcher, "-m", "training.train", *flags, "--resume"],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    resumed, straight = Trained(tmp_path / "model", ""), trained["bart"]
    for name in ("loss", "eval_loss", "eval_f1@m"):
        expected = straight.values(name)
        assert [step for step, _ in resumed.values(name)] == [step for step, _ in expected]
        values = [value for _, value in resumed.values(name)]
        assert values == pytest.approx([value for _, value in expected], rel=1e-4)
    assert resumed.values("eval_loss")[-1][0] == EPOCHS * STEPS_AN_EPOCH
    assert Tagger.from_pretrained(resumed.folder).engine == "ctranslate2"


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--base", "{tmp}/nothing"], r"is no seq2seq model .* take one such as google/flan-t5"),
        (["--base", "{tmp}/encoder"], r"is no seq2seq model"),
        (["--base", "{tmp}/cut-off"], r"is no seq2seq model .*header too small"),
        (["--dataset", "{tmp}/empty"], r"holds no data/\*\.parquet: build it first"),
        (["--dataset", "{tmp}/no-train"], r"cannot be loaded \(.*no data!\); build it anew"),
        (["--resume"], r"no checkpoint to resume; leave out --resume"),
        (["--precision", "fp8"], r"--precision fp8 is unknown: take auto, bf16 or fp32"),
        (["--prompt_template", "Tags!"], r"--prompt_template 'Tags!' needs \{text\}"),
        (["--epochs", "0"], r"--epochs 0.0: take a number above 0"),
        (["--batch_size", "0"], r"--batch_size 0: take a number above 0"),
        (["--max_input_tokens", "-1"], r"--max_input_tokens -1: take a number above 0"),
    ],
)
def test_a_mistake_is_one_sentence(
    flags: list[str],
    complaint: str,
    dataset: Path,
    tiny_bart: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "model" / "checkpoints" / "checkpoint-6").mkdir(parents=True)  # cut off, empty
    (tmp_path / "empty").mkdir()
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "config.json").write_text('{"model_type": "bert"}')
    cut_off = shutil.copytree(tiny_bart, tmp_path / "cut-off")
    (cut_off / "model.safetensors").write_bytes(b"")
    without = shutil.copytree(dataset, tmp_path / "no-train")
    part = load_corpus(str(dataset)).splits["train"].select([])
    part.to_parquet(str(without / "data" / "train-00000-of-00001.parquet"))
    given = [flag.format(tmp=tmp_path) for flag in flags]
    assert train.main([*command(dataset, tiny_bart, tmp_path / "model"), *given]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert error.endswith(".")
    assert re.search(complaint, error), error


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ("epochs: [", "line 1: this is no readable YAML or JSON."),
        ("- epochs", "expected settings as 'name: value', found none."),
        ("epoch: 3", "unknown setting epoch; there are dataset, base"),
        ("epochs: many", "the setting 'epochs' must be a number, not 'many'."),
        ("batch_size: 2.5", "the setting 'batch_size' must be a whole number, not 2.5."),
        ("base: [a, b]", "the setting 'base' must be text, not ['a', 'b']."),
        ("resume: 3", "the setting 'resume' must be true or false, not 3."),
    ],
)
def test_a_broken_settings_file_is_named_with_its_place(
    settings: str,
    complaint: str,
    dataset: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(settings)
    assert train.main([str(path)]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith(f"error: {path}")
    assert complaint in error and "\n" not in error


def test_a_settings_file_is_read_as_it_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    path.write_text("learning_rate: 3e-4\nepochs: 2\noutput_dir: null\nresume: true\n")
    config = parse_config(TrainConfig, [str(path)], "training.train")
    assert (config.learning_rate, config.epochs, config.output_dir) == (3e-4, 2.0, None)
    assert config.resume is True


def test_a_base_keeps_its_tokens_and_not_how_it_decodes(tiny_bart: Path, tmp_path: Path) -> None:
    base = shutil.copytree(tiny_bart, tmp_path / "base")
    model, tokenizer, _ = load_base(str(base))
    for_summaries = {"num_beams": 4, "early_stopping": True, "length_penalty": 2.0}
    for_summaries |= {"min_length": 56, "no_repeat_ngram_size": 3}
    GenerationConfig(**(model.generation_config.to_dict() | for_summaries)).save_pretrained(base)
    model, tokenizer, base_id = load_base(str(base))
    assert model.generation_config.min_length == 56
    settings = TaggingSettings(base_model=base_id)
    model.generation_config = decoding_defaults(model.generation_config, settings)
    model.save_pretrained(tmp_path / "model")  # which refuses beams' settings without beams
    kept = GenerationConfig.from_pretrained(tmp_path / "model")
    assert kept.num_beams == 1
    assert not any(getattr(kept, name) for name in set(for_summaries) - {"num_beams"})
    assert kept.decoder_start_token_id == model.config.decoder_start_token_id
    assert kept.eos_token_id == tokenizer.eos_token_id


def test_frequency_is_that_of_the_tag_however_it_is_spelled() -> None:
    vocabulary = Vocabulary.from_tag_lists([["Chatbots"]] * 9 + [["Chatbot", "Rare"]] * 3)
    assert by_frequency(["Rare", "Chatbot"], vocabulary) == ["Chatbot", "Rare"]


def test_the_command_in_the_log_gives_a_shell_the_same_words() -> None:
    template = "Author's tags, a\\b: {title}\n{text}"
    words = command_of(TrainConfig(prompt_template=template, name="my blog", epochs=3.0))
    said = subprocess.run(
        ["bash", "-c", words.replace("python -m training.train", "printf '%s|'")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == f"--name|my blog|--prompt_template|{template}|--epochs|3.0|"


def test_a_loaded_models_commit_is_its_fingerprint_without_the_hub(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    assert base_fingerprint("google/flan-t5-small", "c" * 40) == "c" * 40


def test_a_training_that_is_cut_off_while_it_is_written_leaves_no_finished_folder(
    dataset: Path, tiny_bart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainConfig(
        base=str(tiny_bart), output_dir=str(tmp_path / "model"), epochs=1, max_input_tokens=32
    )
    corpus = load_corpus(str(dataset))
    log = train.train(config, corpus) / "training_log.json"
    assert log.is_file()

    def cut_off(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "fit_ranking", cut_off)
    with pytest.raises(KeyboardInterrupt):
        train.train(config, corpus)
    assert not log.exists()


def test_what_cannot_be_served_is_refused_before_it_is_trained(
    dataset: Path, tmp_path: Path
) -> None:
    folder = make_tiny_bart(tmp_path / "led")
    config: Any = LEDConfig(
        vocab_size=len(AutoTokenizer.from_pretrained(folder)),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        attention_window=8,
    )
    LEDForConditionalGeneration(config).save_pretrained(folder)
    settings = TrainConfig(base=str(folder), output_dir=str(tmp_path / "model"))
    with pytest.raises(UserError, match="of the kind led, which CTranslate2"):
        train.train(settings, load_corpus(str(dataset)))
    assert not (tmp_path / "model").exists()


def test_a_tagger_on_the_hub_keeps_its_prompt_as_a_base(hub_namespace: str, tmp_path: Path) -> None:
    corpus = Corpus(DatasetDict(), "me/articles", None, "")
    repo_id = f"{hub_namespace}/prompted"
    api = HfApi()
    api.create_repo(repo_id)
    template = INSTRUCTION_TEMPLATE
    for prompt in (None, "Tags of {title}: {text}"):
        if prompt:
            TaggingSettings(prompt_template=prompt).save(tmp_path)
            api.upload_file(
                path_or_fileobj=tmp_path / "tagging.json",
                path_in_repo="tagging.json",
                repo_id=repo_id,
            )
            template = prompt
        settings = tagging_settings(TrainConfig(base=repo_id), corpus, "prompted")
        assert settings.prompt_template == template


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("more", [[], ["--frozen_layers", "1", "--epochs", "3"]])
def test_two_processes_train_as_one(
    more: list[str], dataset: Path, tiny_bart: Path, tmp_path: Path
) -> None:
    flags = [command(dataset, tiny_bart, tmp_path / name, *more) for name in ("one", "two")]
    assert train.main(flags[0]) == 0
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*launcher, "--nproc_per_node", "2", "-m", "training.train", *flags[1]],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    one, two = (Trained(tmp_path / name, "") for name in ("one", "two"))
    assert two.values("loss")[0][1] == pytest.approx(one.values("loss")[0][1], rel=0.1)
    for name in ("loss", "eval_loss", "eval_f1@m"):  # as many steps, the card's chart of them
        found, expected = two.values(name), one.values(name)
        assert [step for step, _ in found] == [step for step, _ in expected]
        near = pytest.approx([value for _, value in expected], rel=0.05, abs=0.05)
        assert [value for _, value in found] == near
    assert two.log["hyperparameters"] == one.log["hyperparameters"]
    assert two.log["examples"] == one.log["examples"]
    assert done.stdout.count("[3/8]") == 1  # the first process speaks for both
    assert files_of(two.folder) == files_of(one.folder)


def files_of(folder: Path) -> set[str]:
    """Returns the files of a model, without checkpoints; a tokenised split is left of neither."""
    assert not list(folder.glob("checkpoints/features-*"))
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if path.parts[0] != "checkpoints"}
