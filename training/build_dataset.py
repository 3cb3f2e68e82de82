"""Builds the dataset of articles and tags from any mix of sources.

    python -m training.build_dataset --source dataset_card/starter --license CC0-1.0
    python -m training.build_dataset --source my-blog/content --dry_run
    python -m training.build_dataset --source articles.csv --columns "text=Plain Content"
    python -m training.build_dataset --source wordpress.xml --drafts --strict
    python -m training.build_dataset --source posts.jsonl.xz --source owner/name@v1 --streaming
    python -m training.build_dataset --source posts.jsonl.xz --previous owner/name-articles
    python -m training.build_dataset --source posts.jsonl.xz --tag_overrides tags.yaml
    python -m training.build_dataset build.yaml

The folder that it writes (``build/<name>/dataset``) loads with ``datasets.load_dataset(folder)``;
``build_report.json`` in it accounts for every row that was read. The same input gives the same
bytes. Nothing is written before everything is read, so an interrupted build changes nothing.
"""

from training.command import command
from training.config import BuildConfig, command_line, parse_config


@command("interrupted; nothing was written")
def main(words: list[str]) -> None:
    """Runs the command line."""
    module = "training.build_dataset"
    config = parse_config(BuildConfig, words, f"python -m {module}")
    # They take seconds, which nobody should wait for who asks for help or mistypes a flag.
    import datasets

    from training.data.build_dataset import build
    from training.data.summary import summary

    datasets.disable_progress_bars()
    print("\n".join(summary(build(config, command_line(module, words)))))


if __name__ == "__main__":
    raise SystemExit(main())
