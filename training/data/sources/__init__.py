"""What a build reads: files and folders of this machine, addresses, datasets on a Hub."""

from __future__ import annotations

from pathlib import Path

from tagloop.errors import UserError
from tagloop.reading.record import Source
from tagloop.reading.sources import open_path
from tagloop.reading.sources.address import is_address, open_address
from training.data.sources.hub import PATTERN, HubShard, dataset_commit, open_hub
from training.data.sources.locations import is_there, looks_like_path

__all__ = ["open_source", "pinned"]


def open_source(location: str, *, streaming: bool = False, shard: HubShard | None = None) -> Source:
    """Opens an input: what is there as a file or folder, an address as a feed, else a Hub dataset.

    Args:
        location: Folder, file, address, or ``owner/name[:config][@revision]``; with the prefix
            ``hub:`` never taken for a path.
        streaming: Read Hub datasets row by row.
        shard: Read nothing but this of a Hub dataset.

    Raises:
        UserError: There is no such input, or it is broken.
    """
    if location.startswith("hub:"):
        return open_hub(location.removeprefix("hub:"), streaming=streaming, shard=shard)
    if is_there(location):
        return open_path(Path(location).expanduser())
    if is_address(location):
        return open_address(location)
    if looks_like_path(location):
        raise UserError(f"{location}: there is no such file or folder.")
    return open_hub(location, streaming=streaming, shard=shard)


def pinned(location: str) -> str:
    """Returns an input so that it means the same on other machines and later.

    A path becomes a whole one, and a Hub dataset is named at the commit that it has now.

    Raises:
        UserError: There is no such file, folder or dataset.
    """
    if not location.startswith("hub:"):
        if is_there(location):
            return str(Path(location).expanduser().absolute())
        if is_address(location):
            return location
        if looks_like_path(location):
            raise UserError(f"{location}: there is no such file or folder.")
    match = PATTERN.fullmatch(location.removeprefix("hub:"))
    if match is None:
        return location  # opening it says what is wrong
    config = f":{match['config']}" if match["config"] else ""
    return f"{match['repo_id']}{config}@{dataset_commit(match['repo_id'], match['revision'])}"
