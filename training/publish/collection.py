"""The Collection in which dataset, model and Spaces of a project stand together."""

from __future__ import annotations

from collections.abc import Iterable

from huggingface_hub import Collection, HfApi
from huggingface_hub.hf_api import CollectionItemType_T

from training.cards.repo_names import Names
from training.publish.errors import clear_errors
from training.publish.repository import Published

MAX_TITLE = 60
"""Longest title of a Collection, in characters, on the Hub."""
DESCRIPTION = "Articles, the tagger that learned from them, and where to try and correct it."
NOTES = {
    "dataset": "The articles and their tags.",
    "model": "The tagger.",
    "space": "Try it, and correct it.",
}


def title_of(names: Names) -> str:
    """Returns the title by which a project's Collection is found again."""
    return f"{names.space.split('/')[1]}: dataset, tagger and Space"[:MAX_TITLE]


def collect(api: HfApi, names: Names, published: Iterable[Published], *, private: bool) -> str:
    """Makes the Collection if it is missing, and adds to it what it lacks.

    What people have added, sorted, renamed or noted in it stays as it is.

    Args:
        api: Client with a token that may write.
        names: Of the project's repositories.
        published: What belongs into it.
        private: Whether a new Collection is for its owner alone.

    Returns:
        A line with its address and what was done.

    Raises:
        UserError: The Hub refuses.
    """
    with clear_errors(f"the collection {title_of(names)!r}"):
        found = _find(api, names)
        collection = found or api.create_collection(
            title_of(names),
            namespace=names.space.split("/")[0],
            description=DESCRIPTION,
            private=private,
        )
        there = {(item.item_type, item.item_id) for item in collection.items}
        kinds: dict[str, CollectionItemType_T] = {
            "dataset": "dataset",
            "model": "model",
            "space": "space",
        }
        missing = [one for one in published if (one.repo_type, one.repo_id) not in there]
        for one in missing:
            kind = kinds[one.repo_type]
            note = NOTES[one.repo_type]
            api.add_collection_item(collection.slug, one.repo_id, kind, note=note, exists_ok=True)
    done = f"{len(missing)} added" if missing else "unchanged"
    return f"{'' if found else 'new: '}{collection.url} {done}"


def _find(api: HfApi, names: Names) -> Collection | None:
    owner, title = names.space.split("/")[0], title_of(names)
    for listed in api.list_collections(owner=owner):
        if listed.title == title:
            return api.get_collection(listed.slug)  # lists show a few items of each alone
    return None
