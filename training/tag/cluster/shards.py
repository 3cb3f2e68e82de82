"""The shards of a source, in the order in which one machine would read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tagloop.batch.articles import left_out_notes
from tagloop.errors import UserError
from tagloop.reading.record import Record, Source
from tagloop.reading.sources import open_path, shards_of
from tagloop.reading.sources.address import is_address
from tagloop.reading.sources.tables.parquet import SHARD, in_split, split_of
from training.cluster.plan import state_of
from training.data.sources import open_source, pinned
from training.data.sources.hub import HubShard, hub_shards
from training.data.sources.locations import is_there, locations
from training.tag.articles import up_to_break


@dataclass(frozen=True)
class Shard:
    """What one rank reads at a time.

    Attributes:
        location: A file or folder by its whole path, an address, or a Hub dataset at a commit.
        split: Which its name tells; empty where it tells none.
        part: Of the Hub dataset; None of all else.
    """

    location: str
    split: str = ""
    part: HubShard | None = None

    def open(self) -> Source:
        """Opens it; a file that cannot be read is one article with the reason.

        Raises:
            UserError: A Hub does not give it, as it may do later.
        """
        if self.part:
            return open_source(self.location, shard=self.part)
        try:
            source = open_source(self.location)
        except UserError as error:
            name = Path(self.location).name
            return Source("broken", name, iter((_broken(name, error),)))
        source.records = _to_the_end(source.name, source.records)
        if self.split:
            source.records = in_split(source.records, self.split)
        return source

    def state(self) -> list[object]:
        """Returns what changes when it does."""
        state = state_of(Path(self.location)) if is_there(self.location) else []
        part = [self.part.split, self.part.number, self.part.total] if self.part else []
        return [self.location, self.split, *part, *state]


def find_shards(given: str) -> tuple[tuple[Shard, ...], list[str]]:
    """Finds the shards of what a person gives, and says what is left out.

    Args:
        given: Places as `training.data.sources.locations` takes them: files are a shard each, of
            folders with tables alone each table is one, and of a Hub dataset each of its files.

    Raises:
        UserError: One is not there, or cannot be read.
    """
    shards: list[Shard] = []
    notes: list[str] = []
    for place in map(pinned, locations([given])):
        if is_address(place):
            shards.append(Shard(place))
        elif not is_there(place):
            shards += (Shard(place, part=part) for part in hub_shards(place))
        elif Path(place).is_dir():
            notes += left_out_notes(open_path(Path(place)))
            shards += (Shard(str(path), _split(path)) for path in shards_of(Path(place)))
        else:
            shards.append(Shard(place))
    return tuple(shards), notes


def _split(path: Path) -> str:
    return split_of(path.name) if SHARD.search(path.name) else ""


def _to_the_end(name: str, records: Iterator[Record]) -> Iterator[Record]:
    try:
        yield from up_to_break(name, records)
    except UserError as error:
        yield _broken(name, error)


def _broken(name: str, error: UserError) -> Record:
    return Record(name, {}, problem=str(error).rstrip("."))
