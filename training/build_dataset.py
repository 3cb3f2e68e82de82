"""Builds the dataset of articles and tags from any mix of sources.

    python -m training.build_dataset --source dataset_card/starter --license CC0-1.0
    python -m training.build_dataset --source my-blog/content --dry_run
    python -m training.build_dataset --source articles.csv --columns "text=Plain Content"
    python -m training.build_dataset --source wordpress.xml --drafts --strict
    python -m training.build_dataset --source posts.jsonl.xz --source owner/name@v1 --streaming
    python -m training.build_dataset --source posts.jsonl.xz --previous owner/name-articles
    python -m training.build_dataset --source posts.jsonl.xz --tag_overrides tags.yaml
    python -m training.build_dataset build.yaml
    python -m training.build_dataset --source a.jsonl --source b.jsonl --executor local --workers 2

The folder that it writes (``build/<name>/dataset``) loads with ``datasets.load_dataset(folder)``;
``build_report.json`` in it accounts for every row that was read. The same input gives the same
bytes. Nothing is written before everything is read, so an interrupted build changes nothing. With
``--executor`` it is built in parts, on this machine or a cluster, and an interrupted build is taken
up again by the same command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagloop.errors import UserError
from tagloop.reading.settings import setting_name
from training.command import command
from training.config import BuildConfig, command_line, parse_config
from training.console import log_file, quiet, say

if TYPE_CHECKING:
    from training.data.build_dataset import Built


@command("interrupted; nothing was written")
def main(words: list[str]) -> None:
    """Runs the command line."""
    module = "training.build_dataset"
    config = parse_config(BuildConfig, words, f"python -m {module}")
    if not config.executor and (config.workers or config.executor_settings or config.work_dir):
        raise UserError(f"A build in parts needs {setting_name('executor', 'local')}, or another.")
    # They take seconds, which nobody should wait for who asks for help or mistypes a flag.
    import datasets

    from training.data.build_dataset import build
    from training.data.summary import summary

    datasets.disable_progress_bars()
    said = command_line(module, words)
    built = _in_parts(config, said) if config.executor else build(config, said)
    print("\n".join(summary(built)))


def _in_parts(config: BuildConfig, said: str) -> Built:
    from training.cluster.settings import find_cluster, whole_place

    work_dir = whole_place(config.work_dir or f"build/{config.name}/parts")
    cluster = find_cluster(config.executor, config.workers, config.executor_settings, work_dir)
    from training.data.cluster.build import build_in_parts

    with quiet(log_file(config.name), config.verbose):
        try:
            return build_in_parts(config, said, cluster, work_dir)
        except KeyboardInterrupt:
            say("What is finished stays: the same command goes on from there.")
            raise


if __name__ == "__main__":
    raise SystemExit(main())
