"""Recordings that arrive in pieces, so that one that is interrupted goes on where it was."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from fastapi.concurrency import run_in_threadpool

from sayso.atomic import lock
from sayso.errors import LimitError, RequestError, TooLargeError
from sayso.service.settings import Settings
from sayso.service.store import Owner, Store
from sayso.service.tables import Upload

ABANDONED_S = 2 * 86_400.0
"""What has not changed for so long was given up; a clock that jumps by a day gives up nothing."""
IDLE_S = 900.0
"""What has not changed for so long makes room for a new one where there are too many."""


class Uploads:
    """Files that are on their way. Safe in many threads, and in processes that share the folder.

    Args:
        settings: where they lie, how large and how many they may be.
        store: remembers whose they are.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._folder, self._limits = settings.folder / "uploads", settings.limits
        self._store = store

    def begin(self, name: str, size: int, owner: Owner) -> Upload:
        """An upload of `size` bytes, of which none are here yet.

        Raises: TooLargeError, LimitError for too many unfinished ones.
        """
        if size > self._limits.upload_bytes:
            raise TooLargeError(
                f"{size:,} bytes were announced; expected at most {self._limits.upload_bytes:,}"
            )
        upload = Upload(token_id=owner, name=name, bytes=size)
        try:
            self._store.add(upload, most=self._limits.uploads)
        except LimitError:
            if not self._make_room(owner):
                raise
            self._store.add(upload, most=self._limits.uploads)
        return upload

    def _make_room(self, owner: Owner) -> bool:
        """Forgets the upload of `owner` that was idle for longest, if one was for long enough."""
        then_s = time.time() - IDLE_S
        idle = [
            (self._changed_s(upload), upload)
            for upload in self._store.uploads_of(owner)
            if self._changed_s(upload) < then_s
        ]
        if idle:
            self.forget(min(idle, key=lambda one: one[0])[1])
        return bool(idle)

    def _changed_s(self, upload: Upload) -> float:
        try:
            return self.path(upload).stat().st_mtime
        except FileNotFoundError:
            return upload.created_s

    def path(self, upload: Upload) -> Path:
        """Its file."""
        return self._folder / upload.id

    def offset(self, upload: Upload) -> int:
        """How many of its bytes are here."""
        path = self.path(upload)
        return path.stat().st_size if path.exists() else 0

    async def append(self, upload: Upload, offset: int, pieces: AsyncIterable[bytes]) -> None:
        """Adds what comes; all that came before an interruption is kept.

        Args:
            upload: to be added to.
            offset: where the sender believes that it is.
            pieces: the bytes from there on.

        Raises: RequestError when it is not there, TooLargeError for more than was announced.
        """
        here = await run_in_threadpool(self.offset, upload)
        if offset != here:
            raise RequestError(f"{here} bytes are here; expected to go on there, not at {offset}")
        # Written where they belong: a sender who gave up on a connection that still trickles
        # writes the same bytes to the same place.
        with await run_in_threadpool(self._open, upload) as out:
            async for piece in pieces:
                if offset + len(piece) > upload.bytes:
                    raise TooLargeError(f"more came than the {upload.bytes:,} bytes announced")
                await run_in_threadpool(_write, out, piece, offset)
                offset += len(piece)

    def require_whole(self, upload: Upload) -> None:
        """Raises RequestError unless all of it is here."""
        here = self.offset(upload)
        if here != upload.bytes or not self.path(upload).exists():
            raise RequestError(f"{here:,} of {upload.bytes:,} bytes are here; send the rest first")

    @contextmanager
    def held(self, upload: Upload) -> Iterator[Path]:
        """Its file, which is whole and nobody else's until the block ends.

        Raises: RequestError when the last piece is not here, or somebody else holds it.
        """
        self.require_whole(upload)
        path = self.path(upload)
        with path.open("rb") as file:
            if not lock(file):
                raise RequestError("the upload is being opened already")
            yield path

    def forget(self, upload: Upload) -> None:
        """Deletes it."""
        self.path(upload).unlink(missing_ok=True)
        self._store.delete_upload(upload.id)

    def sweep(self) -> None:
        """Deletes those that were given up."""
        then_s = time.time() - ABANDONED_S
        for path in self._folder.glob("*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < then_s:
                    path.unlink()
        for upload in self._store.uploads_before(then_s):
            if not self.path(upload).exists():
                self._store.delete_upload(upload.id)

    def _open(self, upload: Upload) -> BinaryIO:
        self._folder.mkdir(exist_ok=True)
        return os.fdopen(os.open(self.path(upload), os.O_WRONLY | os.O_CREAT), "wb", buffering=0)


def _write(out: BinaryIO, piece: bytes, at: int) -> None:
    out.seek(at)
    while piece:
        piece = piece[out.write(piece) :]
