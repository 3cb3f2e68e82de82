"""A text file as its lines: unpacked, decoded, without NULs, and up to where it is damaged."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import chain
from typing import IO

from tagloop.errors import UserError
from tagloop.reading.sources.files import InputFile
from tagloop.text.encodings import encoding_note, find_encoding

BLOCK = 1 << 18
"""Bytes read at once."""
SAMPLE_BYTES = 1 << 16


class TextFile:
    """A file whose encoding is known.

    Attributes:
        name: For people.
        encoding: The codec.
        notes: What was taken for the encoding, if it is not UTF-8.
        damage: Why it could not be read to its end, once that shows; empty if it could, or if
            that has not been tried since it was opened.
    """

    def __init__(self, file: InputFile) -> None:
        """Looks at all of the file.

        Raises:
            UserError: It is empty, none of its bytes can be read, or it is no text.
        """
        self._file = file
        self.name = file.name
        self.damage = ""
        self._position: Callable[[], int] = lambda: 0
        with closing(self._open()) as stream:
            blocks = iter(partial(stream.read, BLOCK), b"")
            first = next(blocks, b"")
            if not first:
                raise UserError(self.damage or f"{self.name} is empty.")
            self.encoding = find_encoding(chain([first], blocks), self.name)
        note = encoding_note(self.encoding)
        self.notes = [note] if note else []

    def position(self) -> int:
        """Returns how many bytes of the file, as it lies there, have been read."""
        return self._position()

    def sample(self) -> str:
        """Returns the first characters, line ends as they are."""
        with closing(self._open()) as stream:
            decoder = codecs.getincrementaldecoder(self.encoding)("replace")
            return decoder.decode(stream.read(SAMPLE_BYTES)).lstrip("\ufeff")

    def read(self) -> str:
        """Returns all of it, or what comes before the damage."""
        with closing(self._open()) as stream:
            data = b"".join(iter(partial(stream.read, BLOCK), b""))
        text = codecs.decode(data, self.encoding, "replace").lstrip("\ufeff")
        return text.replace("\0", "") if "\0" in text else text

    def lines(self, most: int) -> Iterator[list[str]]:
        r"""Yields the lines with their ends (``\n``, ``\r\n`` or ``\r``), many at a time.

        Args:
            most: Characters of a line: of a longer one only so much comes that it shows.
        """
        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        rest: list[str] = []  # of the line that is begun; put together once, however long it is
        length = 0
        begun = False
        with closing(self._open()) as stream:
            while block := stream.read(BLOCK):
                text = decoder.decode(block)
                if not begun:
                    text = text.lstrip("\ufeff")
                    begun = bool(text)
                if "\0" in text:
                    text = text.replace("\0", "")
                if "\n" in text or "\r" in text or (rest and rest[-1].endswith("\r")):
                    lines = list(io.StringIO("".join((*rest, text)), newline=""))
                    # The block may end within a line, or between the two signs of its end.
                    text = "" if not lines or lines[-1].endswith("\n") else lines.pop()
                    rest, length = [], 0
                    yield lines
                if length > 2 * most:
                    continue
                if len(text) > 2 * most:
                    text = text[: 2 * most] + text[-1:] * text.endswith("\r")
                if text:
                    rest.append(text)
                    length += len(text)
            self.position()  # the file remembers it when it is closed
        rest.append(decoder.decode(b"", True))
        if last := "".join(rest):
            yield [last]

    def breaks_off(self, line: str) -> bool:
        """Tells whether a line is the last before the damage, and not whole."""
        return bool(self.damage) and not line.endswith(("\n", "\r"))

    def _open(self) -> _UpToDamage:
        self.damage = ""
        stream, self._position = self._file.open_counted()
        return _UpToDamage(stream, self)


class _UpToDamage:
    """Bytes that end where they can no longer be read; the file remembers why."""

    def __init__(self, stream: IO[bytes], file: TextFile) -> None:
        self._stream = stream
        # What comes before the damage is not lost if it is asked for piece by piece.
        self._read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        self._file = file

    def read(self, most: int) -> bytes:
        """Returns so many bytes, or fewer; none at the end."""
        if self._file.damage:
            return b""
        try:
            return self._read(most)
        except (UserError, OSError) as error:
            self._file.damage = str(error)
            return b""

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()
