"""The static Space's folder: the page, the runtime, tagloop itself, and the list of all parts."""

from __future__ import annotations

import gzip
import hashlib
import importlib.resources
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagloop.files import (
    CONFIG,
    NEIGHBOURS,
    ONNX,
    ONNX_DECODER,
    ONNX_EMBEDDINGS,
    ONNX_ENCODER,
    ONNX_SENTENCE_ENCODER,
    RANKING,
    SENTENCE_ENCODER,
    TAGGING,
    TAGS,
)
from tagloop.limits import (
    MAX_TAG_CHARACTERS,
    MAX_TAGS,
    MAX_TEXT_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    MAX_WINDOWS,
)
from tagloop.reading.sandbox import MAX_TEXT_BYTES
from tagloop.service.examples import load_examples
from tagloop.tagger.tagger import Tagger
from training.json_files import read_json, write_json
from training.publish.static.vendor import fetch_vendored, licenses

SPACE = Path(__file__).parents[3] / "space"
PAGE = SPACE / "static"
SITE, EXAMPLES = "site.json", "examples.json"
LIMITS = {
    "title": MAX_TITLE_CHARACTERS,
    "text": MAX_TEXT_CHARACTERS,
    "tags": MAX_TAGS,
    "tag": MAX_TAG_CHARACTERS,
    "windows": MAX_WINDOWS,
    "file": MAX_TEXT_BYTES,
}
"""As in the Gradio Space."""
ROOMS = ("allowlist", "generation", "ranking", "tagger", "text", "vocabulary")
"""Of tagloop, what a tagger is made of, beside the modules at its root."""
OPENING = (
    *("service/__init__.py", "service/options.py", "reading/__init__.py"),
    *("reading/browser_files.py", "reading/column_names.py", "reading/columns.py"),
    *("reading/drafts.py", "reading/missing.py", "reading/settings.py"),
    *("reading/front_matter/*.py", "reading/documents/plain_text.py"),
)
"""And what takes a visitor's lists and files, without what needs a compiled parser of HTML: of
``documents`` one module, not the package."""
LIBRARIES = {
    "stopwordsiso": "MIT, https://github.com/stopwords-iso/stopwords-iso",
    "markdown_it": "MIT, https://github.com/executablebooks/markdown-it-py",
    "mdurl": "MIT, https://github.com/executablebooks/mdurl",
    "mdit_py_plugins": "MIT, https://github.com/executablebooks/mdit-py-plugins",
    "yaml": "MIT, https://github.com/yaml/pyyaml",
}
"""Pure Python that those import, as it is installed here; with its licence."""
BRIDGE = "bridge.py"
NOT_FOR_PAGE = shutil.ignore_patterns(BRIDGE, "*.md", "__pycache__", ".*")
GRAPHS = {
    "encoder": ("language model", ONNX_ENCODER),
    "decoder": ("language model", ONNX_DECODER),
    "sentence encoder": ("sentence encoder", ONNX_SENTENCE_ENCODER),
}
MODEL_FILES = (
    *(CONFIG, "generation_config.json", TAGGING, TAGS, RANKING, NEIGHBOURS, "tokenizer.json"),
    *(f"{SENTENCE_ENCODER}/tokenizer.json", f"{ONNX}/{ONNX_EMBEDDINGS}"),
)
RUNTIME = {
    "ort": ("runtime", "ort/ort-wasm-simd-threaded.wasm"),
    "pyodide script": ("Python", "pyodide/pyodide.asm.js"),
    "pyodide": ("Python", "pyodide/pyodide.asm.wasm"),
    "python": ("Python", "pyodide/python_stdlib.zip"),
    "pyodide lock": ("Python", "pyodide/pyodide-lock.json"),
}
"""Name in the worker to what a visitor reads and the place in ``vendor/``."""
IMPORTED = ("ort/ort-wasm-simd-threaded.mjs", "pyodide/pyodide.mjs")
"""Modules that the worker imports as they stand."""
_EXTRAS = re.compile(
    r"^numpy/(random|f2py|fft|ma|polynomial|testing|doc|_core/(include|lib))/"
    r"|/tests/|(?<!multiarray)_tests\.|\.(pyi|pxd|h|a)$"
)
"""Of numpy: what it imports when asked for, its tests, what compilers and type checkers read."""
READABILITY = "readability/Readability"
"""A script with one function, made a module."""
WEB = SPACE / "tagloop" / "web"
LOOKS = ("style.css", "tabs/tag/tag.css", "tabs/about/about.css")
"""Of the Gradio Space; the page has them in ``looks/``."""
CHIPS = ("tabs/tag/copying.js", "tabs/tag/chips.js")
"""Likewise: the script of the chips, which is the body of a function."""
WORDS = "languages/en.json"
"""Of the chips, too."""
ARTICLE_LINK = "tabs/tag/article_link.js"
"""What packs an article into a link: either Space opens the other's."""
HUB = "https://huggingface.co"
"""What the page's security policy names, unless the model is elsewhere."""
LEAST_SAME = 10_000
"""Bytes that two graphs share, worth fetching once."""


@dataclass(frozen=True)
class Model:
    """The tagger that a page runs.

    Attributes:
        folder: Its files, the graphs among them.
        repo: Its id on the Hub.
        revision: The commit that the page is pinned to.
        base: Address of the files at that commit, ending in ``/``.
        about: What the page tells of it: ``version`` and figures.
    """

    folder: Path
    repo: str
    revision: str
    base: str
    about: Mapping[str, Any] = field(default_factory=dict)


def write_site(
    target: Path, model: Model, tagger: Tagger, suggestions: Mapping[str, str] | None = None
) -> Path:
    """Writes the folder of a static Space for a model; returns it.

    Args:
        target: To be made.
        model: The tagger's files and where a visitor finds them.
        tagger: The same, loaded: answers the examples.
        suggestions: ``repo``, the dataset that takes corrections, and ``hub``, the address of its
            Hub; None for a page that takes none.

    Raises:
        UserError: The runtime cannot be fetched.
    """
    shutil.copytree(PAGE, target, ignore=NOT_FOR_PAGE)
    _write_page(target, model)
    parts = [*_runtime_parts(target), _code_part(target), *_model_parts(model)]
    numpy = next(part["url"] for part in parts if part["name"] == "numpy").rpartition("/")[2]
    listed = licenses() + "".join(f"- {name}: {where}\n" for name, where in LIBRARIES.items())
    (target / "vendor" / "LICENSES.md").write_text(listed, encoding="utf-8")
    page = sorted(path.relative_to(target).as_posix() for path in _page_files(target))
    write_json(
        target / SITE,
        {
            "model": {"repo": model.repo, "revision": model.revision, "base": model.base},
            "about": dict(model.about),
            **({"suggestions": dict(suggestions)} if suggestions else {}),
            "limits": LIMITS,
            "numpy": numpy,
            "page": ["./", *page, SITE, EXAMPLES],
            "parts": parts,
        },
    )
    answers = _answers(tagger)
    write_json(target / EXAMPLES, {"examples": answers})
    return target


def _write_page(target: Path, model: Model) -> None:
    """Adds what the page has in common with the Gradio Space, and names the model's origin."""
    (target / "looks").mkdir()
    for place in LOOKS:
        shutil.copyfile(WEB / place, target / "looks" / Path(place).name)
    script = "\n".join((WEB / place).read_text(encoding="utf-8") for place in CHIPS)
    module = f"export default function (element, props, watch, fixed) {{\n{script}}}\n"
    (target / "chips.mjs").write_text(module, encoding="utf-8")
    words = json.dumps({"en": read_json(WEB / WORDS)["chips"]}, ensure_ascii=False)
    (target / "words.mjs").write_text(f"export const words = {words};\n", encoding="utf-8")
    link = (WEB / ARTICLE_LINK).read_text(encoding="utf-8")
    module = f"{link}export {{ articleIn, linkTo }};\n"
    (target / "article_link.mjs").write_text(module, encoding="utf-8")
    index = target / "index.html"
    origin = "/".join(model.base.split("/")[:3])
    index.write_text(index.read_text(encoding="utf-8").replace(HUB, origin), encoding="utf-8")


def _page_files(target: Path) -> Iterator[Path]:
    """Yields what the page itself consists of: without it no visit, so it is kept for offline."""
    for path in target.rglob("*"):
        if (
            path.suffix in (".html", ".css", ".js", ".mjs", ".svg")
            and path.name != "service-worker.mjs"
        ):
            yield path


def _runtime_parts(target: Path) -> Iterator[dict[str, Any]]:
    vendored = fetch_vendored()
    vendor = target / "vendor"
    for place in IMPORTED:
        (vendor / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(vendored[place], vendor / place)
    script = vendored[f"{READABILITY}.js"].read_text(encoding="utf-8")
    module = vendor / f"{READABILITY}.mjs"
    module.parent.mkdir()
    module.write_text(f"{script}\nexport default Readability;\n", encoding="utf-8")
    for name, (label, place) in RUNTIME.items():
        content = vendored[place].read_bytes()
        if place.endswith("lock.json"):
            # All that the page may load is here; the list of the rest is long.
            content = _without_packages(vendored[place])
        yield _packed(target, f"vendor/{place}", content, name, label)
    place = next(place for place in vendored if place.endswith(".whl"))
    content = _without_extras(vendored[place])
    (vendor / place).write_bytes(content)
    yield _part("numpy", "Python", f"vendor/{place}", content)


def _without_packages(lock: Path) -> bytes:
    return json.dumps(read_json(lock) | {"packages": {}}).encode()


def _without_extras(wheel: Path) -> bytes:
    """Leaves out what no tagger needs: all libraries of a wheel are loaded into memory."""
    with zipfile.ZipFile(wheel) as archive:
        return _zipped(
            {name: archive.read(name) for name in archive.namelist() if not _EXTRAS.search(name)}
        )


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """Returns an archive; equal files make equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _code_part(target: Path) -> dict[str, Any]:
    """Packs tagloop and the bridge to it; equal modules make equal bytes."""
    package = SPACE / "tagloop"
    patterns = ("*.py", *(f"{room}/**/*.py" for room in ROOMS), *OPENING)
    paths = [path for pattern in patterns for path in package.glob(pattern)]
    files = {path.relative_to(SPACE).as_posix(): path for path in paths} | {BRIDGE: PAGE / BRIDGE}
    for library in LIBRARIES:
        home = Path(str(importlib.resources.files(library)))
        found = (path for path in home.rglob("*") if path.suffix in (".py", ".json"))
        files |= {path.relative_to(home.parent).as_posix(): path for path in found}
    content = _zipped({name: path.read_bytes() for name, path in files.items()})
    (target / "packages.zip").write_bytes(content)
    return _part("tagloop", "Tagloop", "packages.zip", content)


def _model_parts(model: Model) -> Iterator[dict[str, Any]]:
    contents = {
        name: (model.folder / ONNX / file).read_bytes() for name, (_, file) in GRAPHS.items()
    }
    for name, (label, file) in GRAPHS.items():
        part = _part(name, label, f"{ONNX}/{file}", contents[name], model=True)
        if name == "decoder" and (same := _same(model.folder, contents)):
            part |= {"same": same, "wire": part["wire"] - same["size"]}
        yield part
    for file in MODEL_FILES:
        content = (model.folder / file).read_bytes()
        yield _part(file, "tags", file, content, model=True, file=True)


def _same(folder: Path, contents: Mapping[str, bytes]) -> dict[str, Any] | None:
    """Finds the encoder's table of embeddings in the decoder, which is tied to it."""
    table = read_json(folder / ONNX / ONNX_EMBEDDINGS)
    offset, size = table["offset"], table["width"] * table["tokens"]
    at = contents["decoder"].find(contents["encoder"][offset : offset + size])
    if at < 0 or size < LEAST_SAME:
        return None
    return {"from": "encoder", "offset": offset, "at": at, "size": size}


def _packed(target: Path, place: str, content: bytes, name: str, label: str) -> dict[str, Any]:
    """Writes a file that a server may not compress by itself."""
    packed = gzip.compress(content, 9, mtime=0)
    (target / place).parent.mkdir(parents=True, exist_ok=True)
    (target / f"{place}.gz").write_bytes(packed)
    return _part(name, label, f"{place}.gz", packed, gzip=True)


def _part(name: str, label: str, url: str, content: bytes, **more: bool) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    size = len(content)
    return {
        "name": name,
        "label": label,
        "url": url,
        "size": size,
        "wire": size,
        "sha256": digest,
        **more,
    }


def _answers(tagger: Tagger) -> Sequence[dict[str, Any]]:
    """Tags the examples, for browsers that cannot."""
    return [
        {
            "title": example.title,
            "text": example.text,
            "tags": [
                tag.to_json() for tag in tagger.tag(example.text, example.title, evidence=True)
            ],
        }
        for example in load_examples(SPACE / "examples")
    ]
