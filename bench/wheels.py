"""Where each extra installs without a compiler: a table by platform and version of Python.

    pip install uv
    python bench/wheels.py [--python 3.11 3.12 3.13] [--extra torch ...]

For each platform `uv` resolves what `pyproject.toml` asks for from wheels alone, with the markers
of that platform, and installs nothing. A cell is "yes", or names the first package for which there
is no wheel there. It asks the package index that `uv` is set up for.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLATFORMS = {
    "Linux x86-64": "x86_64-manylinux_2_28",
    "Linux arm64": "aarch64-manylinux_2_28",
    "macOS arm64": "aarch64-apple-darwin",
    "macOS x86-64": "x86_64-apple-darwin",
    "Windows x86-64": "x86_64-pc-windows-msvc",
}
_LEFT_OUT = ("dev", "bench")


def extras() -> list[str]:
    """Those of the package that a user may want."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [name for name in project["optional-dependencies"] if name not in _LEFT_OUT]


def resolved(uv: str, extra: str, platform: str, version: str) -> str:
    """What a cell says: yes, or what has no wheel."""
    command = [uv, "pip", "compile", "pyproject.toml", "--only-binary", ":all:", "--no-header"]
    command += ["--python-platform", platform, "--python-version", version, "--no-python-downloads"]
    command += ["--extra", extra] if extra else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    if done.returncode == 0:
        return "yes"
    told = " ".join(done.stderr.split())
    pattern = r"([\w.-]+)(?:[<>=!]\S*)? has no (?:usable )?wheels|Wheels are required for `([^`]+)`"
    lacking = ["".join(names) for names in re.findall(pattern, told)]
    return f"no: {lacking[0]}" if lacking else f"no: {told[:200]}"


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", nargs="+", default=["3.11", "3.12", "3.13"])
    parser.add_argument("--extra", nargs="+", default=["", *extras()])
    asked = parser.parse_args()
    uv = shutil.which("uv")
    if uv is None:
        print("uv is not on the PATH; `pip install uv`", file=sys.stderr)
        return 2
    print(f"| extra | {' | '.join(PLATFORMS)} |\n|---|{'---|' * len(PLATFORMS)}")
    for extra in asked.extra:
        cells = []
        for platform in PLATFORMS.values():
            found = {v: resolved(uv, extra, platform, v) for v in asked.python}
            same = len(set(found.values())) == 1
            told = [f"{version} {said}" for version, said in found.items()]
            cells.append(next(iter(found.values())) if same else "; ".join(told))
        name = f"`{extra}`" if extra else "itself"
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
