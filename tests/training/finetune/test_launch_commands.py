"""The README's commands for several processes, as the installed launchers read them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from huggingface_hub.cli.hf import app
from torch.distributed.run import config_from_args, get_args_parser

from training.config import TrainConfig, parse_config

README = Path(__file__).parents[3] / "training" / "finetune" / "README.md"
TEXT = README.read_text(encoding="utf-8")
SETTINGS = "gpus.yaml"


def programs() -> Iterator[list[str]]:
    """Yields the words of each command of the README's shell blocks, from the program on."""
    for block in re.findall(r"^```bash\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            for words in _commands(shlex.split(line)):
                yield [Path(words[0]).name, *words[1:]]


def _commands(words: list[str]) -> Iterator[list[str]]:
    """Yields the commands of a line one by one, without the environment that they are given."""
    command: list[str] = []
    for word in [*words, "&&"]:
        if word in ("&&", "|"):
            if command:
                yield command
            command = []
        elif command or not re.fullmatch(r"[A-Z_]+=\S*", word):
            command.append(word)


def read_training(words: list[str], processes: int) -> None:
    """Reads what comes behind the launcher; each step's batch must be divisible."""
    config = parse_config(TrainConfig, words, "training.train")
    assert config.batch_size % processes == 0


def read_torchrun(words: list[str]) -> None:
    args = get_args_parser().parse_args(words)
    assert args.module and args.training_script == "training.train"
    launched, _, _ = config_from_args(args)
    assert launched.min_nodes == launched.max_nodes
    read_training(args.training_script_args, launched.max_nodes * launched.nproc_per_node)


def read_accelerate(words: list[str]) -> None:
    assert words[0] == "launch"
    args, _, _ = _validate_launch_command(launch_command_parser().parse_args(words[1:]))
    assert args.module and args.training_script == "training.train"
    assert args.multi_gpu and args.num_processes % args.num_machines == 0
    read_training(args.training_script_args, args.num_processes)


def read_hf(words: list[str]) -> None:
    if words[:2] != ["jobs", "run"]:
        app.main([*words, "--help"], standalone_mode=False)
        return
    app.main(["jobs", "run", "--dry-run", *words[2:]], standalone_mode=False)
    (launched,) = (line for line in _commands(shlex.split(words[-1])) if "torchrun" in line[0])
    read_torchrun(launched[1:])


READERS: dict[str, Callable[[list[str]], None]] = {
    "torchrun": read_torchrun,
    "accelerate": read_accelerate,
    "hf": read_hf,
}
COMMANDS = [words for words in programs() if words[0] in READERS]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words)[:60])
def test_launchers_read_the_command(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings,) = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    (tmp_path / SETTINGS).write_text(settings)
    monkeypatch.chdir(tmp_path)
    READERS[words[0]](words[1:])


def test_there_is_a_recipe_for_each() -> None:
    assert {words[0] for words in COMMANDS} == set(READERS)
    assert sum("--node_rank" in words for words in COMMANDS) == 2
    assert sum("--machine_rank" in words for words in COMMANDS) == 2
    assert sum(words[:3] == ["hf", "jobs", "run"] for words in COMMANDS) == 1
