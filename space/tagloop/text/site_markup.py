"""What site generators and note programs put into Markdown beyond CommonMark.

Liquid (Jekyll, Hexo, dev.to), Hugo's shortcodes, kramdown, MDX, Docusaurus, VuePress, Quarto,
MkDocs, Obsidian: what they would replace or hide goes, the prose in it stays. All rules work on the
parser's own blocks, so that code, which may be *about* such markup, is never touched.
"""

from __future__ import annotations

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml, normalizeReference
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

# Blocks that begin a line and end a line; what stands in them is code, or goes.
_BEGINS = re.compile(
    r"(?m)\{%-?[ \t]*+(?P<liquid>highlight|codeblock|code|comment)\b[^%\n]*+%\}"
    r"|\{\{[<%][ \t]*+(?P<hugo>highlight|mermaid)\b[^<>%\n]*+[>%]\}\}"
    r"|(?P<note>%%)(?!%)|(?P<mdx>\{/\*)|(?P<call>\{\{[<%])(?=[^{}\n]*+$)"
)
_ENDS = {
    ("liquid", name): re.compile(rf"\{{%-?\s*+end{name}\s*+-?%\}}")
    for name in ("highlight", "codeblock", "code", "comment")
} | {
    ("hugo", name): re.compile(rf"\{{\{{[<%]\s*+/\s*+{name}\s*+[>%]\}}\}}")
    for name in ("highlight", "mermaid")
}
_ENDS |= {("note", "%%"): re.compile("%%"), ("mdx", "{/*"): re.compile(r"\*/\}")}
_ENDS |= {("call", "{{<"): re.compile(r">\}\}"), ("call", "{{%"): re.compile(r"%\}\}")}
_HIDDEN = frozenset(
    {("liquid", "comment"), ("note", "%%"), ("mdx", "{/*"), ("call", "{{<"), ("call", "{{%")}
)
_CONTAINER = re.compile(r"(?::{3,}[^`\n]*+|={3}[!+]{0,2}+[ \t]++\"[^\"\n]*+\"[ \t]*+)\Z")
"""The line around a container: ``:::note``, ``::: {.callout}``, ``:::``; MkDocs' ``=== "Tab"``."""

# What is never touched in prose: code, and formulas.
_TICKS = re.compile("`++")
_KEPT = re.compile(
    r"<(?P<tag>code|pre|kbd|samp)\b[^<>]*+>(?:[^<]|<(?!/?(?:code|pre|kbd|samp)\b))*+</(?P=tag)>"
    r"|\$\$[^$]++\$\$|\$(?=[^\s$])[^$\n]*+(?<!\s)\$(?!\d)",
    re.IGNORECASE,
)
_STAND_IN = re.compile("\0(\\d++)\0")
"""In the place of what is kept; the parser leaves no NUL in a text."""

_COMMENT = re.compile(
    r"\{%-?\s*+comment\s*+-?%\}(?:[^{]|\{(?!%))*+\{%-?\s*+endcomment\s*+-?%\}"
    r"|\{#(?:[^#{}]|#(?!\}))*+#\}"
)
"""Within a paragraph: of Liquid, of Jinja and Nunjucks."""
_PROGRAM = re.compile(r"<%(?:[^<%]|%(?!>))*+%>")
"""Of ERB, EJS and Obsidian's Templater."""
_TEMPLATE = re.compile(r"\{%(?:[^%{]|%(?!\})|\{(?!%))*+%\}|\{\{(?:[^{}]|\{(?!\{)|\}(?!\}))*+\}\}")
_RAW = re.compile(r"\{%-?\s*+(end)?raw\b")
_SHOWN_SHORTCODE = re.compile(r"\{\{([<%])/\*((?:[^*{]|\*(?!/)|\{(?!\{))*+)\*/([<>%])\}\}")
_NOTE = re.compile(r"(?<![\d%])%%(?!%)(?:[^%]|%(?!%))*+%%(?!%)")
_MDX_COMMENT = re.compile(r"\{/\*(?:[^*{]|\*(?!/)|\{(?!/\*))*+\*/\}")
_COMPONENT = re.compile(
    r"<(?P<end>/?)[A-Z][\w.]*+(?:[^<>{}\"']|\"[^\"<]*+\"|'[^'<]*+'"
    r"|\{(?:[^{}]|\{[^{}]*+\})*+\})*+>"
)
_FRAGMENT = re.compile("</?>")
_EXPRESSION = re.compile(r"(?<!\\)\{(?:[^{}]|\{[^{}]*+\})*+\}")
_IMPORT = re.compile(
    r"^import\b[\w$*, \t]*+(?:\{[^{}'\"]*+\})?[\w \t]*+(?:(?<=from)|(?<=from )|(?<=import ))"
    r"['\"][^'\"\n]++['\"][ \t]*+;?[ \t]*+$\n?",
    re.MULTILINE,
)
_EXPORT = re.compile(
    r"\Aexport\s+(?:default\s|(?:const|let|var)\s+[\w${[]|(?:async\s+)?function\b|class\s|\{)"
)
_ATTRIBUTES = re.compile(r"\{:[^{}\n]*+\}|(?<=[\])*_\0])\{[#.:\w][^{}\n]*+\}")
_HEADING_ATTRIBUTES = re.compile(r"(?<!\s)\s*+\{[#.][^{}\n]*+\}\s*+\Z")
_SPAN = re.compile(r"(?<!!)\[([^\[\]\0\n]++)\]\{[.#][^{}\n]*+\}")
_CONTENTS = re.compile(r"\A\s*+\[{1,2}_?toc_?\]{1,2}\s*+\Z|\A[^\n]*+\n?\{:\s*+toc\b", re.IGNORECASE)
_EMBEDDED = re.compile(r"!\[\[[^\[\]\n]*+\]\]")
_WIKILINK = re.compile(r"\[\[(?!\s)([^\[\]|\n]++)(?:\\?\|([^\[\]\n]*+))?\]\](?![(\[])")
_MARKED = re.compile(r"(?<!=)==(?![\s=])([^=\n]++)(?<!\s)==(?!=)")
_REFERENCE = re.compile(r"\[\^[^\[\]\s]++\](?![(:])")
_INLINE_FOOTNOTE = re.compile(r"\^\[(?=[^\[\]]++\])")
_BLOCK_ID = re.compile(r"(?:\A|(?<=\s))\^[A-Za-z0-9-]++\s*+\Z")
_CALLOUT = re.compile(r"\A\[![\w-]++\][+-]?[ \t]*+(?P<title>[^\n]*+)\n?")
_DEFINITION = re.compile(r"^\[([^\[\]\n]++)\]:[ \t]*+\S*+(?:[ \t]++\"[^\"\n]*+\")?[ \t]*+$", re.M)


def site_markup_plugin(md: MarkdownIt) -> None:
    """Teaches a parser what generators add; ``{"mdx": True}`` as its environment says MDX."""
    footnote_plugin(md, inline=False, move_to_end=False)
    md.disable("footnote_ref")  # it reads to the end of the text for each ``[^``
    deflist_plugin(md)
    admon_plugin(md)
    dollarmath_plugin(
        md, allow_space=False, allow_digits=False, allow_blank_lines=False, double_inline=True
    )
    for name, around, dollars in (
        ("math_inline", "span", "$"),
        ("math_inline_double", "span", "$$"),
        ("math_block", "pre", "$$"),
        ("math_block_label", "pre", "$$"),
    ):
        md.renderer.rules[name] = _formula(around, dollars)  # type: ignore[attr-defined]
    for name in ("footnote_reference_open", "footnote_reference_close", "footnote_anchor"):
        md.renderer.rules[name] = lambda *_: ""  # type: ignore[attr-defined]
    ends: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    md.block.ruler.before("fence", "template_block", _template_block, ends)
    md.block.ruler.before("fence", "container_line", _container_line, ends)
    md.core.ruler.after("block", "site_markup", _site_markup)


def without_templates(html: str) -> str:
    """Returns HTML without Liquid and the like, but for what code shows of it."""
    return _Cleaning(False, {}).html(html)


def _formula(around: str, dollars: str) -> Any:
    """Returns a renderer that leaves a formula as it was written."""

    def render(tokens: list[Token], index: int, *_: Any) -> str:
        return f"<{around}>{dollars}{escapeHtml(tokens[index].content)}{dollars}</{around}>\n"

    return render


def _template_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """Takes ``{% highlight %}`` … ``{% endhighlight %}`` as code, and comments away."""
    if state.is_code_block(first):
        return False
    start = state.bMarks[first] + state.tShift[first]
    if state.src[start : start + 1] not in ("{", "%"):
        return False
    begins = _BEGINS.match(state.src, start, state.eMarks[first])
    if begins is None:
        return False
    kind = (begins.lastgroup or "", begins[begins.lastgroup or 0])
    end = _end_of(state, kind, begins.end())
    line = first
    while line < last and end is not None and state.eMarks[line] < end[1]:
        line += 1
    if end is None or line >= last or state.src[end[1] : state.eMarks[line]].strip():
        return False
    if silent:
        return True
    if kind not in _HIDDEN:
        lines = state.getLines(first + 1, line, state.sCount[first], True)
        if first == line:
            lines = state.src[begins.end() : end[0]] + "\n"
        token = state.push("fence", "code", 0)
        token.content, token.markup, token.map = lines, "```", [first, line + 1]
    state.line = line + 1
    return True


def _end_of(state: StateBlock, kind: tuple[str, str], position: int) -> tuple[int, int] | None:
    """Returns where the end of a block stands; each is looked for once, however many begin."""
    known = state.env.setdefault("template_ends", {})
    if kind not in known or (known[kind] is not None and known[kind][0] < position):
        found = _ENDS[kind].search(state.src, position)
        known[kind] = found.span() if found else None
    end: tuple[int, int] | None = known[kind]
    return end


def _container_line(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """Takes the lines around a container away; what stands between them is like any other."""
    start = state.bMarks[first] + state.tShift[first]
    if not state.src.startswith((":::", "==="), start) or state.is_code_block(first):
        return False
    if not _CONTAINER.match(state.src[start : state.eMarks[first]]):
        return False
    if not silent:
        state.line = first + 1
    return True


def _site_markup(state: StateCore) -> None:
    """Cleans the blocks of prose before their inline markup is parsed."""
    prose = [token for token in state.tokens if token.type == "inline"]
    mdx = bool(state.env.get("mdx")) or any(
        _IMPORT.search(token.content) for token in prose if "import" in token.content
    )
    cleaning = _Cleaning(mdx, state.env)
    for place, token in enumerate(state.tokens):
        if token.type == "inline":
            token.content = cleaning.prose(token.content, _around(state.tokens, place))
        elif token.type == "html_block":
            token.content = cleaning.html(token.content)
        elif token.type in ("fence", "code_block") and cleaning.open_braces:
            token.content = cleaning.program(token.content)
    _without_default_titles(state.tokens)
    state.tokens = _without_empty_lists(state.tokens)


def _around(tokens: list[Token], place: int) -> tuple[str, ...]:
    return tuple(token.type for token in tokens[max(0, place - 2) : place])


def _without_default_titles(tokens: list[Token]) -> None:
    """Leaves admonitions the title that was written: none is ``!!! note``'s."""
    for place, token in enumerate(tokens):
        if token.type == "admonition_open" and place + 2 < len(tokens):
            words = token.info.split()
            if tokens[place + 1].type != "admonition_title_open" or '"' in token.info:
                continue
            # "!!! Look at this" is an admonition to the parser, but hardly to its author.
            tokens[place + 2].content = " ".join(words) if len(words) > 1 else ""


_LIST_OF_NOTHING = (
    ("bullet_list_open", "ordered_list_open"),
    ("list_item_open",),
    ("paragraph_open",),
    ("inline",),
    ("paragraph_close",),
    ("list_item_close",),
    ("bullet_list_close", "ordered_list_close"),
)


def _without_empty_lists(tokens: list[Token]) -> list[Token]:
    """Leaves out lists that stood for a table of contents (kramdown's ``* TOC``)."""
    kept: list[Token] = []
    size = len(_LIST_OF_NOTHING)
    for token in tokens:
        kept.append(token)
        last = kept[-size:]
        if token.type in _LIST_OF_NOTHING[-1] and len(last) == size and not last[3].content:
            if all(one.type in kinds for one, kinds in zip(last, _LIST_OF_NOTHING, strict=True)):
                del kept[-size:]
    return kept


class _Cleaning:
    """What is known while the blocks of one text are gone through."""

    def __init__(self, mdx: bool, env: Any) -> None:
        self.mdx = mdx
        self.raw = False
        self.open_braces = 0
        self._env = env
        self._kept: list[str] = []

    def prose(self, text: str, around: tuple[str, ...]) -> str:
        """Returns the source of a paragraph, heading or cell without what is not for readers."""
        if self.open_braces:
            return self.program(text)
        if "blockquote_open" in around:
            text = _CALLOUT.sub(_titled, text)
        if self.mdx:
            text = _IMPORT.sub("", text)
            if _EXPORT.match(text):
                return self.program(text)
        if not self.raw and not _may_have_markup(text):
            return text
        if _CONTENTS.match(text):
            return ""
        self._kept = []
        text = self._with_stand_ins(text)
        if "heading_open" in around:
            text = _HEADING_ATTRIBUTES.sub("", text)
        text = self._without_templates(text)
        text = self._without_components(text, inline=True)
        text = _ATTRIBUTES.sub("", _SPAN.sub(r"\1", _NOTE.sub("", text)))
        text = _WIKILINK.sub(_shown, _EMBEDDED.sub("", text))
        text = _MARKED.sub(r"\1", text)
        text = _INLINE_FOOTNOTE.sub(" [", _REFERENCE.sub(self._without_mark, text))
        text = _BLOCK_ID.sub("", text)
        return self._restored(text)

    def html(self, text: str) -> str:
        """Returns a block of HTML without templates and components."""
        if self.open_braces:
            return self.program(text)
        if not self.raw and "{" not in text and "<" not in text:
            return text
        self._kept = []
        text = _KEPT.sub(self._stand_in, text)
        return self._restored(self._without_components(self._without_templates(text)))

    def program(self, text: str) -> str:
        """Takes a part of a program away; it goes on until its braces are closed."""
        self.open_braces = max(0, self.open_braces + text.count("{") - text.count("}"))
        return ""

    def _stand_in(self, found: re.Match[str] | str) -> str:
        self._kept.append(found if isinstance(found, str) else found[0])
        return f"\0{len(self._kept) - 1}\0"

    def _with_stand_ins(self, text: str) -> str:
        """Puts code spans (CommonMark 0.31, 6.1) and formulas out of reach."""
        runs = [found.span() for found in _TICKS.finditer(text)]
        later: dict[int, list[int]] = {}
        for place in range(len(runs) - 1, -1, -1):
            later.setdefault(runs[place][1] - runs[place][0], []).append(place)
        parts, position, place = [], 0, 0
        while place < len(runs):
            begin, end = runs[place]
            same = later[end - begin]
            while same and same[-1] <= place:
                same.pop()
            if same and not text.startswith("\\", begin - 1):
                parts += [text[position:begin], self._stand_in(text[begin : runs[same[-1]][1]])]
                position, place = runs[same[-1]][1], same[-1]
            place += 1
        return _KEPT.sub(self._stand_in, "".join([*parts, text[position:]]))

    def _restored(self, text: str) -> str:
        # A stand-in may stand for a part that has others in it: they are older.
        for _ in range(3):
            if "\0" not in text:
                break
            text = _STAND_IN.sub(lambda found: self._kept[int(found[1])], text)
        return text

    def _without_templates(self, text: str) -> str:
        text = _PROGRAM.sub("", text)
        if "{" not in text and not self.raw:
            return text
        text = text if self.raw else _COMMENT.sub("", text)
        parts, position = [], 0
        for found in _TEMPLATE.finditer(text):
            before = text[position : found.start()]
            parts.append(self._stand_in(before) if self.raw and before else before)
            position = found.end()
            if mark := _RAW.match(found[0]):
                self.raw = not mark[1]
            elif self.raw:
                parts.append(self._stand_in(found))
            elif shown := _SHOWN_SHORTCODE.fullmatch(found[0]):
                parts.append(self._stand_in(f"{{{{{''.join(shown.groups())}}}}}"))
        rest = text[position:]
        parts.append(self._stand_in(rest) if self.raw and rest else rest)
        return _DEFINITION.sub(self._define, "".join(parts)) if position else "".join(parts)

    def _define(self, found: re.Match[str]) -> str:
        """Notes a link's definition whose address a template wrote: the parser took it for text."""
        label = normalizeReference(found[1])
        self._env.setdefault("references", {}).setdefault(label, {"title": "", "href": ""})
        return ""

    def _without_components(self, text: str, inline: bool = False) -> str:
        text = _MDX_COMMENT.sub("", text)
        text = _COMPONENT.sub(_tag if inline else _division, text)
        if self.mdx:
            text = _EXPRESSION.sub("", _FRAGMENT.sub("", text))
        return text

    def _without_mark(self, found: re.Match[str]) -> str:
        """Takes a footnote's mark away, but not ``[^a-z]``, which has no footnote."""
        label = found[0][2:-1]
        defined = f":{label}" in self._env.get("footnotes", {}).get("refs", {})
        return "" if defined or label.isdigit() else found[0]


def _may_have_markup(text: str) -> bool:
    return any(mark in text for mark in ("{", "[", "%%", "==", "<", "^"))


def _titled(callout: re.Match[str]) -> str:
    """Returns a callout's title, if it has one, on a line of its own."""
    return (
        f"{callout['title']}\\\n"
        if callout["title"] and callout[0][-1] == "\n"
        else callout["title"]
    )


def _shown(link: re.Match[str]) -> str:
    """Returns what a wikilink shows: its own words, else the page's name, else the heading."""
    page, _, heading = link[1].partition("#")
    return link[2] or page.strip() or heading.lstrip("^ ")


def _tag(found: re.Match[str]) -> str:
    return " " if found["end"] and found.string.startswith("<", found.end()) else ""


def _division(found: re.Match[str]) -> str:
    """A component among blocks keeps apart what stands in it and after it."""
    if found[0].endswith("/>"):
        return ""
    return "</div>" if found["end"] else "<div>"


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(site_markup_plugin)
"""Markdown to HTML."""
