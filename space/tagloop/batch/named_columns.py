"""Which columns a person says a file has, as the Batch tab asks for them and speaks of them."""

from __future__ import annotations

from tagloop.errors import UserError
from tagloop.reading.column_names import NAMES
from tagloop.reading.columns import naming, parse_mapping

FIELD = "Columns, if they have other names"
"""What the field of the Batch tab is called."""
MAX_CHARACTERS = 1_000


def named_columns(text: str | None) -> dict[str, str]:
    """Reads ``title=headline, text=story``: field of an article to the file's own name of it.

    Raises:
        UserError: It is not written like this, or too long.
    """
    written = " ".join((text or "").split())
    if len(written) > MAX_CHARACTERS:
        raise UserError(f"{FIELD}: that has more than {MAX_CHARACTERS:,} characters.")
    try:
        return parse_mapping([written]) if written else {}
    except UserError as error:
        raise UserError(f"{FIELD}: {str(error).removeprefix('--columns ')}") from error


def in_the_tab(sentence: str) -> str:
    """Returns a sentence that says how a column is named on a command line, as the tab says it."""
    for field in NAMES:
        sentence = sentence.replace(naming(field), f"{field}=NAME under “{FIELD}”")
    return sentence.replace(" (text= if there is none)", "")  # there is nothing to tag then
