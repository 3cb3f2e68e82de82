"""Values added to an article file, where its generator expects them.

All that was there stays as it was written, byte for byte, and the result is read again before
anybody gets it. A file never gets a second front matter.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile

import yaml

from tagloop.errors import UserError
from tagloop.reading.front_matter import split_front_matter
from tagloop.reading.front_matter.parts import FrontMatter, is_empty, line_end
from tagloop.reading.front_matter.rst_fields import title_of

Value = Sequence[str] | Sequence[float]
Values = Mapping[str, Value]
HTML_ENDINGS = (".html", ".htm", ".xhtml")
_EMPTY = frozenset(("", "[]", "[ ]", "~", "null", '""', "''"))
_YAML_NAME = re.compile(r"""\A["']?+([^\W\d][\w. -]*+)["']?+[ \t]*+:([ \t][^\n]*+)?+\Z""")
_TOML_NAME = re.compile(r"""\A["']?+([\w.-]++)["']?+[ \t]*+=[ \t]*+([^#\n]*+)""")
_JSON_EMPTY = re.compile(r'"([^"\n]++)"[ \t]*+:[ \t]*+(\[\s*+\]|null|"")')
_JSON_INDENT = re.compile(r'[{,][ \t]*+(\r?\n[ \t]*+)["\w]')
_AROUND = re.compile(r"\A[ \t]*+(?:\.\. |<!--[ \t]*+|#\+|:)?+")
_DOUBLE_COLON = re.compile(r"\A[\w -]++::")
_NOT_IN_ORG = re.compile(r"[^\w@#%]++")
_HEAD = re.compile(r"<head(?:\s[^<>]*+)?>", re.IGNORECASE)
_KEYWORDS = re.compile(r"<meta\s[^<>]{0,200}?\bname\s*+=\s*+[\"']?+keywords\b", re.IGNORECASE)


def takes(front: FrontMatter, name: str) -> bool:
    """Tells whether a value of this name can be added: there is none yet, or an empty one."""
    place = _taxonomies(front) if name == "tags" else None
    values = front.values if place is None else {**front.values, **place}
    return all(is_empty(values[found]) for found in values if found.casefold() == name.casefold())


def add_values(content: str, values: Values, where: str, ending: str = ".md") -> str:
    """Returns a file with values added to its front matter; it gets one if it has none.

    Args:
        content: The whole file, with its byte order mark if it has one.
        values: By name; each must be one that the front matter `takes`.
        where: The file, for messages.
        ending: Of the file, in lower case.

    Raises:
        UserError: Its front matter cannot be read, or is written so that nothing can be added.
    """
    front = split_front_matter(content, where, ending)
    end = line_end(content)
    values = {name: _on_one_line(value) for name, value in values.items()}
    if front.dialect == "yaml" and not front.tail:
        raise UserError(f"{where}: no line '---' closes the front matter; put one after it.")
    if front.given:
        changed = _ADDED[front.dialect](front, values, end)
    elif ending in HTML_ENDINGS and (head := _HEAD.search(content)):
        return content[: head.end()] + _meta(content, values, end) + content[head.end() :]
    else:
        changed = _begun(content, values, ending, end)
    _check(changed, content, front, values, where, ending)
    return changed


def _on_one_line(value: Value) -> Value:
    texts = [" ".join(item.split()) if isinstance(item, str) else item for item in value]
    return [item for item in texts if isinstance(item, str)] or [
        item for item in texts if not isinstance(item, str)
    ]


def _check(
    changed: str, content: str, before: FrontMatter, values: Values, where: str, ending: str
) -> None:
    impossible = UserError(f"{where}: tags cannot be added to front matter written like this.")
    try:
        after = split_front_matter(changed, where, ending)
    except UserError as error:
        raise impossible from error
    found = {name.casefold(): value for name, value in after.values.items()}
    for place in ("taxonomies", "extra"):
        inner = after.values.get(place)
        found |= inner if isinstance(inner, dict) else {}
    for name, value in values.items():
        written = found.get(name.casefold())
        if isinstance(written, str):
            written = written.split("; " if "; " in written else ", ")
        right = [str(item) for item in value]
        if after.dialect == "org" and name == "tags":
            right = [_NOT_IN_ORG.sub("_", item) for item in right]
        if not isinstance(written, list) or len(written) != len(right):
            raise impossible
        if all(isinstance(item, str) for item in value) and written != right:
            raise impossible
    if not set(before.values) <= set(after.values):
        raise impossible
    if before.given and after.body != before.body:
        raise impossible
    if not content.endswith(after.body.lstrip("\r\n")):
        raise impossible


def _taxonomies(front: FrontMatter) -> dict[str, object] | None:
    """Returns Zola's table of tags, if this is front matter of Zola."""
    found = front.values.get("taxonomies")
    return found if isinstance(found, dict) else None


def _yaml(front: FrontMatter, values: Values, end: str) -> str:
    lines = front.lines
    begin = lines.lstrip("\r\n")
    indent = begin[: len(begin) - len(begin.lstrip(" "))]
    for name, value in values.items():
        inside = _zola_place(front, name)
        if inside is None:
            added = indent + _yaml_lines(name, value, end).replace(end, end + indent)
            lines = _with_lines(lines, name, added, _yaml_name, end)
            continue
        flow = yaml.safe_dump(
            list(value), default_flow_style=True, allow_unicode=True, width=100_000
        ).strip()
        lines = _with_inner(lines, inside, f"{name}: {flow}", end)
    return f"{front.head}{lines}{front.tail}{front.body}"


def _yaml_lines(name: str, value: Value, end: str) -> str:
    texts = all(isinstance(item, str) for item in value)
    dumped: str = yaml.safe_dump(
        {name: list(value)},
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=False if texts else None,
        width=100_000,
    )
    return dumped.rstrip("\n").replace("\n", end)


def _yaml_name(line: str) -> tuple[str, str] | None:
    found = _YAML_NAME.match(line)
    return (found[1], (found[2] or "").strip()) if found else None


def _toml_name(line: str) -> tuple[str, str] | None:
    found = _TOML_NAME.match(line)
    return (found[1], found[2].strip()) if found else None


def _zola_place(front: FrontMatter, name: str) -> str | None:
    """Returns the table that Zola wants a value in; it refuses names that it does not know."""
    if _taxonomies(front) is None:
        return None
    return "taxonomies" if name == "tags" else "extra"


def _with_lines(
    lines: str,
    name: str,
    added: str,
    read: Callable[[str], tuple[str, str] | None],
    end: str,
    stop: str = "",
) -> str:
    """Puts lines where an empty value of this name stands, else before ``stop`` or at the end."""
    parts = lines.splitlines(keepends=True)
    for number, line in enumerate(parts):
        if stop and line.lstrip().startswith(stop):
            parts.insert(number, f"{added}{end}")
            return "".join(parts)
        found = read(line.rstrip("\r\n"))
        if found and found[0].casefold() == name.casefold() and found[1] in _EMPTY:
            parts[number] = added + line[len(line.rstrip("\r\n")) :]
            return "".join(parts)
    if parts and not parts[-1].endswith("\n"):
        return f"{lines}{end}{added}"
    return f"{lines}{added}{end}"


def _with_inner(lines: str, place: str, added: str, end: str) -> str:
    """Puts a line into a mapping of YAML, which is begun if there is none."""
    parts = lines.splitlines(keepends=True)
    for number, line in enumerate(parts):
        found = _yaml_name(line.rstrip("\r\n"))
        if found == (place, ""):
            inner = list(takewhile(lambda text: text[:1] in (" ", "\t"), parts[number + 1 :]))
            indent = next((text[: -len(text.lstrip())] for text in inner if text.strip()), "  ")
            name = added.partition(":")[0]
            changed = _with_lines(
                "".join(inner), name, indent + added, lambda text: _yaml_name(text.strip()), end
            )
            return (
                "".join(parts[: number + 1]) + changed + "".join(parts[number + 1 + len(inner) :])
            )
    return f"{lines}{place}:{end}  {added}{end}"


def _toml(front: FrontMatter, values: Values, end: str) -> str:
    lines = front.lines
    for name, value in values.items():
        added = f"{name} = {json.dumps(list(value), ensure_ascii=False)}"
        place = _zola_place(front, name)
        if place is None:
            lines = _with_lines(lines, name, added, _toml_name, end, "[")
            continue
        before, header, rest = _table(lines, place)
        if header:
            lines = before + header + _with_lines(rest, name, added, _toml_name, end, "[")
        else:
            lines = f"{lines}{end}[{place}]{end}{added}{end}"
    return f"{front.head}{lines}{front.tail}{front.body}"


def _table(lines: str, place: str) -> tuple[str, str, str]:
    parts = lines.splitlines(keepends=True)
    for number, line in enumerate(parts):
        if line.partition("#")[0].strip() == f"[{place}]":
            return "".join(parts[:number]), line, "".join(parts[number + 1 :])
    return lines, "", ""


def _json(front: FrontMatter, values: Values, end: str) -> str:
    lines = front.lines
    for name, value in values.items():
        dumped = json.dumps(list(value), ensure_ascii=False)
        found = next((empty for empty in _JSON_EMPTY.finditer(lines) if empty[1] == name), None)
        if found:
            lines = lines[: found.start(2)] + dumped + lines[found.end(2) :]
            continue
        closed = lines.rstrip().endswith("}")
        inner = (lines.rstrip()[:-1] if closed else lines).rstrip()
        rest = lines[len(inner) :]
        indent = _JSON_INDENT.search(lines)
        between = indent[1] if indent else ("" if closed else end)
        comma = "" if inner.rstrip().endswith(("{", ",")) or not inner.strip() else ","
        lines = f'{inner}{comma}{between or " "}"{name}": {dumped}{rest}'
    return f"{front.head}{lines}{front.tail}{front.body}"


def _named_lines(front: FrontMatter, values: Values, end: str) -> str:
    """Adds to lines of `name: value`, each like the last of those there."""
    lines = front.lines
    for name, value in values.items():
        last = lines.splitlines()[-1] if lines else ""
        around = _AROUND.match(lines if front.dialect != "ablog" else last)
        before = around[0] if around else ""
        after = " -->" if last.rstrip().endswith("-->") else ""
        written, text = _named(front, name, value, capital=lines[len(before) :][:1].isupper())

        def read(line: str, before: str = before, after: str = after) -> tuple[str, str] | None:
            inner = line.strip().removeprefix(before.strip()).removesuffix(after.strip()).strip()
            found, colon, rest = inner.partition(":")
            return (found.strip(), rest.removeprefix(":").strip()) if colon else None

        colon = "::" if _DOUBLE_COLON.match(lines) else ":"
        added = f"{before}{written}{colon} {text}{after}"
        lines = _with_lines(lines, written, added, read, end)
    return f"{front.head}{lines}{front.tail}{front.body}"


def _named(front: FrontMatter, name: str, value: Value, *, capital: bool) -> tuple[str, str]:
    texts = [str(item) for item in value]
    if front.dialect == "org":
        if name == "tags":
            return "FILETAGS", f":{':'.join(_NOT_IN_ORG.sub('_', text) for text in texts)}:"
        name = name.upper()
    elif capital:
        name = name.capitalize()
    # Pelican's own rule: tags with commas in them stand apart by semicolons.
    return name, ("; " if any("," in text for text in texts) else ", ").join(texts)


def _begun(content: str, values: Values, ending: str, end: str) -> str:
    """Returns the file with front matter, which it has not."""
    mark = "\ufeff" if content.startswith("\ufeff") else ""
    content = content.removeprefix("\ufeff")
    if ending == ".rst":
        _, begin = title_of(content, 0)
        front = FrontMatter({}, "", content[begin:], False, "rst", content[:begin])
        fields = [
            f":{name}: {_named(front, name, value, capital=False)[1]}"
            for name, value in values.items()
        ]
        apart = (
            ""
            if not begin or content[:begin].endswith("\n\n") or content[:begin].endswith("\r\n\r\n")
            else end
        )
        return f"{mark}{content[:begin]}{apart}{end.join(fields)}{end}{end}{content[begin:]}"
    if ending == ".org":
        front = FrontMatter({}, "", content, False, "org")
        pairs = [_named(front, name, value, capital=False) for name, value in values.items()]
        keywords = [f"#+{name}: {text}" for name, text in pairs]
        return f"{mark}{end.join(keywords)}{end}{end}{content}"
    lines = end.join(_yaml_lines(name, value, end) for name, value in values.items())
    return f"{mark}---{end}{lines}{end}---{end}{end}{content}"


def _meta(content: str, values: Values, end: str) -> str:
    """Returns elements for the head of a saved page."""
    added = ""
    for name, value in values.items():
        known = name == "tags" and not _KEYWORDS.search(content)
        text = html.escape(", ".join(map(str, value)))
        added += f'{end}<meta name="{"keywords" if known else name}" content="{text}">'
    return added


_ADDED: dict[str, Callable[[FrontMatter, Values, str], str]] = {
    "yaml": _yaml,
    "toml": _toml,
    "json": _json,
    "mdx": _json,
    "headers": _named_lines,
    "notion": _named_lines,
    "org": _named_lines,
    "rst": _named_lines,
    "ablog": _named_lines,
}
