"""What tests give to a tagger: an article as keyword arguments or as an entry of a batch."""

from typing import TypedDict


class Article(TypedDict):
    """A title and a text."""

    title: str
    text: str
