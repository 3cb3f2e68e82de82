"""Asks whether any locked package has a known vulnerability.

Exit status: 0 where none is known; 1 where some are, which are listed; 3 where the service gave no
answer about some packages, for then nothing is known of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOUND, UNKNOWN = 1, 3
LOCKS = (
    "requirements.lock",
    "requirements-cuda.lock",
    "space/requirements.lock",
    "training/bench/requirements.lock",
    ".ci/requirements.lock",
)


def main() -> int:
    """Prints what is known and returns the exit status."""
    packages = ask(LOCKS)
    if packages is None:
        print("audit: the vulnerability service cannot be reached from here, so nothing is known.")
        return UNKNOWN
    status = 0
    for package in packages:
        for found in package.get("vulns", []):
            fixed = " or ".join(found["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {found['id']}, mended in {fixed}")
            status = FOUND
    silent = [package["name"] for package in packages if "skip_reason" in package]
    print(f"audit: {len(packages) - len(silent)} of {len(packages)} packages were looked up.")
    if silent and not status:
        print(
            f"audit: the vulnerability service said nothing of {', '.join(silent[:5])} and others."
        )
    return status or (UNKNOWN if silent else 0)


def ask(locks: Iterable[str]) -> list[dict[str, Any]] | None:
    """Returns what pip-audit says of each package; None where it came to no end.

    It takes a package that the service does not know for one without fault, and so every package
    where a mirror stands in for the service: the caller must look at what was skipped.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"]
        command += ["--progress-spinner", "off", "--format", "json", "--output", str(report)]
        command += [word for lock in locks for word in ("--requirement", lock)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        try:
            packages: list[dict[str, Any]] = json.loads(report.read_text())["dependencies"]
        except (OSError, ValueError, KeyError):
            print((done.stderr.strip().splitlines() or ["no message"])[-1][:300], file=sys.stderr)
            return None
        return packages


if __name__ == "__main__":
    sys.exit(main())
