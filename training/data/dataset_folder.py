"""The folder that a built dataset is in: Parquet files a split, and the build report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tagloop.errors import UserError
from tagloop.files import BUILD_REPORT
from tagloop.reading.settings import setting_name
from training.data.build_report import BuildReport
from training.json_files import write_json

OTHER_FOLDER = f"choose another by {setting_name('name')} or --output_dir"


def refuse_foreign_folder(folder: Path) -> None:
    """Makes sure that writing a dataset overwrites nothing but an earlier build.

    Raises:
        UserError: There is something else.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: there is a file of that name; {OTHER_FOLDER}.")
    if folder.exists() and any(folder.iterdir()) and not (folder / BUILD_REPORT).exists():
        raise UserError(
            f"{folder}: the folder holds something else than an earlier build; empty it, or "
            f"{OTHER_FOLDER}."
        )


def write_dataset(folder: Path, write: Callable[[Path], None], report: BuildReport) -> None:
    """Writes the folder beside its place and then swaps it in.

    Args:
        folder: The dataset.
        write: Writes the shards into a folder that is there, and empty.
        report: For ``build_report.json``.

    Raises:
        UserError: It cannot be written.
    """
    partial = folder.with_name(folder.name + ".partial")
    replaced = folder.with_name(folder.name + ".replaced")
    try:
        # A build that was killed may have left either.
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)
        (partial / "data").mkdir(parents=True)
        write(partial / "data")
        write_json(partial / BUILD_REPORT, report, indent=1)
        if folder.exists():
            folder.rename(replaced)
        partial.rename(folder)
        shutil.rmtree(replaced, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
