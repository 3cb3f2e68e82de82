"""Reads a person's decisions about tags from a small YAML file.

    aliases:
      JavaScript: [js, ecmascript]     # the first is shown, exactly as written here
    never:
      - [go, golang]                   # different tags, whatever the data seem to say
    display:
      nasa: NASA                       # how a tag is shown

All three are optional. Tags are compared by their normal form, so case and hyphens do not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from ftfy.fixes import fix_surrogates

from tagloop.errors import UserError
from tagloop.vocabulary.aliases import Overrides
from tagloop.vocabulary.vocabulary import normal_form, tidy

KEYS = ("aliases", "never", "display")


def read_overrides(path: Path) -> Overrides:
    """Reads the file.

    Raises:
        UserError: It cannot be read, has an unknown key or another shape, or contradicts itself.
    """
    root = _compose(path)
    if root is None:
        return Overrides()
    reader = _Reader(path)
    for key, value in reader.pairs(root, "one of the keys " + ", ".join(KEYS)):
        name = reader.text(key)
        if name not in KEYS:
            raise reader.error(key, f"unknown key {name!r}; there are {', '.join(KEYS)}")
        getattr(reader, f"read_{name}")(value)
    return reader.overrides()


def _compose(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UserError(
            f"{path}{line}: this is no readable YAML; put tags with signs such as # or : in quotes."
        ) from None


class _Reader:
    """Walks the nodes: they know their lines, and leave ``no`` and ``1984`` the texts they are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._aliases: dict[str, str] = {}
        self._lines: dict[str, yaml.Node] = {}
        self._apart: dict[tuple[str, str], yaml.Node] = {}
        self._shown: dict[str, str] = {}
        self._named: dict[str, str] = {}

    def error(self, node: yaml.Node, message: str) -> UserError:
        return UserError(f"{self._path}, line {node.start_mark.line + 1}: {message}.")

    def pairs(self, node: yaml.Node, wanted: str) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node, f"expected {wanted}, each as 'name: value'")
        yield from node.value

    def items(self, node: yaml.Node, wanted: str) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(node, f"expected {wanted}")
        return list(node.value)

    def text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self.error(node, "expected one tag here, not a list or a mapping")
        return fix_surrogates(str(node.value))

    def form(self, node: yaml.Node) -> str:
        tag = self.text(node)
        if form := normal_form(tag):
            return form
        raise self.error(node, f"{tag!r} is no tag: it has no letter or digit (# needs quotes)")

    def read_aliases(self, node: yaml.Node) -> None:
        for key, value in self.pairs(node, "tags with their aliases"):
            form = self.form(key)
            self._named.setdefault(form, tidy(self.text(key)))
            self._lines.setdefault(form, key)
            example = f"a list of aliases, such as {self.text(key)}: [one, another]"
            for item in self.items(value, example):
                alias = self.form(item)
                if alias == form:
                    continue
                if self._aliases.setdefault(alias, form) != form:
                    names = f"{self._named[self._aliases[alias]]!r} and of {self._named[form]!r}"
                    raise self.error(
                        item, f"{self.text(item)!r} is an alias of {names}; keep one of them"
                    )
                self._lines[alias] = item

    def read_never(self, node: yaml.Node) -> None:
        for group in self.items(node, "a list of pairs, such as - [go, golang]"):
            members = [
                self.form(item) for item in self.items(group, "a pair of tags, as [go, golang]")
            ]
            if len(members) < 2 or len(set(members)) < len(members):
                raise self.error(group, "expected two or more different tags to keep apart")
            for index, one in enumerate(members):
                for other in members[:index]:
                    self._apart[min(one, other), max(one, other)] = group

    def read_display(self, node: yaml.Node) -> None:
        for key, value in self.pairs(node, "tags with the form that is shown"):
            form, shown = self.form(key), tidy(self.text(value))
            if normal_form(shown) != form:
                raise self.error(
                    value,
                    f"{shown!r} is another tag than {self.text(key)!r}; name it under 'aliases'",
                )
            if self._shown.setdefault(form, shown) != shown:
                raise self.error(key, f"{self.text(key)!r} is given two display forms; keep one")

    def overrides(self) -> Overrides:
        """Checks that the parts agree, in whatever order they stood."""
        for alias, form in self._aliases.items():
            if form in self._aliases:
                target = self._named[form]
                raise self.error(
                    self._lines[alias],
                    f"{target!r} has aliases and is an alias itself; put all under one tag",
                )
            if alias in self._shown:
                raise self.error(
                    self._lines[alias],
                    f"{alias!r} is an alias of {self._named[form]!r} and so has no display form",
                )
        for pair, node in self._apart.items():
            one, other = (self._aliases.get(form, form) for form in pair)
            if one == other:
                raise self.error(node, f"{' and '.join(map(repr, pair))} are the same by 'aliases'")
        return Overrides(self._aliases, frozenset(self._apart), self._named | self._shown)
