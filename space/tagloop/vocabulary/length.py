"""How long a tag may be: as it is written, and as it is kept."""

from __future__ import annotations

from tagloop.errors import UserError
from tagloop.limits import MAX_TAG_CHARACTERS, check_length
from tagloop.vocabulary.normal_form import tidy


def check_tag(what: str, tag: str) -> str:
    """Returns the tag, made `tagloop.limits.readable`.

    Compatibility forms grow when they are written out: the one sign U+FDFA is 18 letters.

    Raises:
        UserError: It is no text, or has more than ``MAX_TAG_CHARACTERS`` as it stands or as it is
            kept, tidied.
    """
    tag = check_length(what, tag, MAX_TAG_CHARACTERS)
    if not tag.isascii() and (kept := len(tidy(tag))) > MAX_TAG_CHARACTERS:
        raise UserError(
            f"The {what} has {kept:,} characters once its signs are written out; the limit is "
            f"{MAX_TAG_CHARACTERS}. Write it in fewer or plainer letters."
        )
    return tag
