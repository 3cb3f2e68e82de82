"""How large a visitor's input may be, and the sentences that say so.

The browser's own limits are no protection (anyone can call the endpoints), and a browser cuts a
long paste without a word, so every limit is checked here, in Python, and named in the message.
"""

from tagloop.errors import UserError

MAX_TITLE_CHARACTERS = 300
MAX_TEXT_CHARACTERS = 50_000
MAX_NOTE_CHARACTERS = 2_000
MAX_TAG_CHARACTERS = 80
MAX_TAGS = 30
MAX_LIST_TAGS = 2_000
MAX_WINDOWS = 16
MAX_ARTICLES = 64


def readable(text: str) -> str:
    r"""Returns the text with what no file can hold replaced.

    JSON may carry half a surrogate pair (``"\ud83d"``), which is no character: it has no UTF-8
    form, and Parquet and Arrow readers refuse a whole file for one of them.
    """
    return text.encode("utf-8", errors="replace").decode("utf-8")


def beginning(text: str, most: int) -> str:
    """Returns the text, or its first so many characters, up to a blank where there is one."""
    if len(text) <= most:
        return text
    return text[: most + 1].rsplit(None, 1)[0][:most].strip() or text[:most]


def check_length(what: str, text: str, limit: int) -> str:
    """Returns ``text``, made `readable`.

    Raises:
        UserError: The text has more than ``limit`` characters; the message names both figures.
    """
    if not isinstance(text, str):
        raise UserError(f"The {what} must be text, not {type(text).__name__}.")
    if len(text) > limit:
        raise UserError(
            f"The {what} has {len(text):,} characters; the limit is {limit:,}. Shorten it by "
            f"{len(text) - limit:,} and try again."
        )
    return readable(text)


def check_article(title: str, text: str) -> tuple[str, str]:
    """Returns title and text ready for the tagger.

    Raises:
        UserError: There is no text, or the title or the text is too long.
    """
    title = check_length("title", title, MAX_TITLE_CHARACTERS).strip()
    text = check_length("text", text, MAX_TEXT_CHARACTERS).strip()
    if not text:
        raise UserError("Paste the text of an article first, or choose one of the examples.")
    return title, text
