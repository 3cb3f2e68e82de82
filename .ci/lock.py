"""Writes the lock files anew: all packages that the requirements bring, with their files' hashes.

    make lock                # what the requirements ask for; all else stays at its version
    make lock UPGRADE=1      # the newest of what they leave open

A lock holds for Linux (x86_64 and aarch64), macOS and Windows and for every supported Python, as
markers say. It names neither an index nor a machine. What only PyTorch's builds for NVIDIA cards
need on Linux stands apart, in `requirements-cuda.lock`; `make` installs it where it got such a
build.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST_PYTHON = "3.11"
MAIN, CUDA = Path("requirements.lock"), Path("requirements-cuda.lock")
ONLY_CUDA = re.compile(r"nvidia-(?!ml-py)|cuda-|triton==")
"""CodeCarbon's nvidia-ml-py only asks for what is there."""
HEADER = "# Written by `make lock` from {}; do not edit.\n"
ENTRY = re.compile(r"^\S.*(?:\n[ \t].*)*\n", re.MULTILINE)
"""A package: its version and marker, its hashes, and what brings it."""
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")
TORCH = re.compile(r"torch==([\d.]+)")


def main() -> None:
    """Writes all of them; the others keep to the versions of the first."""
    everything = resolve(Path("requirements.txt"), [MAIN, CUDA])
    shared = [with_cpu_builds(entry) for entry in everything if not ONLY_CUDA.match(entry)]
    write(MAIN, "requirements.txt", shared)
    write(CUDA, "requirements.txt", [entry for entry in everything if ONLY_CUDA.match(entry)])
    for folder in ("space", ".ci"):
        asked, lock = Path(folder, "requirements.txt"), Path(folder, "requirements.lock")
        alike = [] if folder == ".ci" else ["--constraints", str(MAIN)]
        write(lock, str(asked), resolve(asked, [lock], *alike))
    there = {name(entry) for entry in everything}
    for folder in ("training/bench", "training/cluster"):
        asked, lock = Path(folder, "requirements.txt"), Path(folder, "requirements.lock")
        more = resolve(asked, [MAIN, CUDA, lock], "--constraints", str(MAIN))
        write(lock, f"{asked}, without what {MAIN} has", [x for x in more if name(x) not in there])


def resolve(asked: Path, locks: list[Path], *options: str) -> list[str]:
    """Returns the entries for a file of requirements; versions in the locks are kept."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "requirements.lock")
        output.write_text("".join(lock.read_text() for lock in locks if lock.exists()))
        command = ["uv", "pip", "compile", "--no-config", "--quiet", "--no-header", "--universal"]
        command += ["--generate-hashes", "--python-version", OLDEST_PYTHON, str(asked), *options]
        tool = Path(sys.executable).with_name("uv")
        command[0] = str(tool)
        subprocess.run([*command, *sys.argv[1:], "--output-file", str(output)], check=True)
        return [entry for entry in ENTRY.findall(output.read_text()) if entry[0] != "#"]


def with_cpu_builds(entry: str) -> str:
    """Adds the hashes of PyTorch's builds without GPU support, which its own index alone has.

    Found are those for this Python, where pip is set up with such an index; those that the lock has
    already stay as long as the version does.
    """
    torch = TORCH.match(entry)
    if torch is None:
        return entry
    listed = set(HASH.findall(entry))
    found = {digest for digest in old_hashes(torch[0]) if digest not in listed}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--dest", folder, f"torch=={torch[1]}+cpu"]
        done = subprocess.run(command, check=False, capture_output=True)
        if done.returncode != 0:
            print("pip finds no build of PyTorch without GPU support here; known ones are kept.")
        for wheel in Path(folder).iterdir():
            with wheel.open("rb") as file:
                found.add(f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}")
    first, rest = entry.split("\n", 1)
    added = "".join(f"    --hash={digest} \\\n" for digest in sorted(found - listed))
    return f"{first}\n{added}{rest}"


def old_hashes(torch: str) -> set[str]:
    """Returns what the present lock has of this version of PyTorch."""
    entries = ENTRY.findall(MAIN.read_text()) if MAIN.exists() else []
    return {
        digest
        for entry in entries
        if entry.startswith((f"{torch} ", f"{torch}\n"))
        for digest in HASH.findall(entry)
    }


def name(entry: str) -> str:
    """Returns the package's name."""
    return entry.split("=", 1)[0]


def write(lock: Path, source: str, entries: list[str]) -> None:
    """Writes a lock."""
    lock.write_text(HEADER.format(source) + "".join(entries))


if __name__ == "__main__":
    main()
