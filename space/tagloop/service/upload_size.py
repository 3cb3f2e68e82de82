"""Whether a visitor's file is there, has something in it, and is not too large."""

from pathlib import Path

from tagloop.errors import UserError


def check_upload(path: Path, name: str, limit: int, advice: str) -> None:
    """Looks at a file before anything is read of it.

    Args:
        path: Where gradio put it.
        name: What the visitor calls it.
        limit: Of its size, in bytes.
        advice: What to do with one that is larger, as a sentence.

    Raises:
        UserError: The file is gone, too large or empty.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UserError(f"{name} is not there any more: choose it again.") from error
    if size > limit:
        raise UserError(
            f"{name} has {size / 1e6:,.1f} MB; the limit for {path.suffix.lower()} is "
            f"{limit / 1e6:,.0f} MB. {advice}"
        )
    if size == 0:
        raise UserError(f"{name} is empty: choose another file.")
