"""Stems kept on disk, so that "even louder" costs no second separation.

An entry is a folder named by the hash of the recording, the separator and the target; in it lie
the samples as raw float32 and a note of their shape and checksum. Entries appear whole, by renaming
a folder that was filled beside them, so processes may share a cache. One that a crash or a failing
disk has damaged is made anew. The least recently used go first.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from sayso.audio import Audio
from sayso.separate.protocol import Engine
from sayso.watch import SILENT, Watch

LIMIT_BYTES = 8 << 30
_FREE_SHARE = 0.25
"""Of what the disk has to give, stems take no more than this."""
_SAMPLES, _SHAPE, _NEW = "samples.f32", "shape.json", ".new-"
_ABANDONED_S = 3600.0
"""A half-filled folder of this age is nobody's: its process was killed."""


class StemCache:
    """A folder of stems.

    Args:
        folder: made when first written to.
        limit_bytes: what all entries together may take; less where the disk is nearly full.

    A folder that cannot be written to, or a full disk, only means that nothing is kept.
    """

    def __init__(self, folder: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self.folder, self._limit_bytes = folder, limit_bytes

    def separate(
        self,
        separator: Engine,
        mix: Audio,
        targets: Sequence[str],
        *,
        settings: str = "",
        watch: Watch = SILENT,
    ) -> Mapping[str, Audio]:
        """As `separator.separate`, but only for the targets that are not kept yet.

        Args:
            separator: asked for what is missing.
            mix: its content is what counts, not its file.
            targets: as the separator takes them.
            settings: whatever else changes the result.
            watch: progress and cancelling, polled between chunks.
        """
        content = hash_of(mix)
        keys = {
            t: _key(content, f"{separator.name} {separator.version}", settings, t) for t in targets
        }
        found = {target: self._get(key, mix) for target, key in keys.items()}
        missing = [target for target, stem in found.items() if stem is None]
        made: Mapping[str, Audio] = {}
        if missing:
            made = separator.separate(mix, missing, watch=watch)
            for target in missing:
                self._put(keys[target], made[target])
            self._sweep()
        return {target: found[target] or made[target] for target in targets}

    def forget(self, *, unused_since_s: float) -> None:
        """Removes what nobody has used since then, in seconds since 1970."""
        for shape in self.folder.glob(f"[!.]*/{_SHAPE}"):
            with suppress(OSError):
                if shape.stat().st_mtime < unused_since_s:
                    shutil.rmtree(shape.parent, ignore_errors=True)

    def trim(self, most_bytes: int) -> None:
        """Removes the least recently used until the others take at most that."""
        self._sweep(most_bytes)

    def _get(self, key: str, mix: Audio) -> Audio | None:
        entry = self.folder / key
        try:
            channels, frames, rate, checksum = json.loads((entry / _SHAPE).read_text())
            if (channels, frames, rate) != (mix.channels, mix.frames, mix.sample_rate):
                return None
            path = entry / _SAMPLES
            if path.stat().st_size != channels * frames * 4:
                return None
            stem = Audio(np.memmap(path, np.float32, "r", shape=(frames, channels)).T, rate)
            if _checksum(stem) != checksum:
                return None
        except (OSError, ValueError, TypeError):
            return None
        with suppress(OSError):  # a cache that may only be read has no order to keep
            (entry / _SHAPE).touch()
        return stem

    def _put(self, key: str, stem: Audio) -> None:
        fresh = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if stem.samples.nbytes > self._room():
                return
            fresh = Path(tempfile.mkdtemp(prefix=_NEW, dir=self.folder))
            with (fresh / _SAMPLES).open("wb") as out:
                for block in stem.blocks():
                    out.write(np.ascontiguousarray(block.T).tobytes())
            shape = [stem.channels, stem.frames, stem.sample_rate, _checksum(stem)]
            (fresh / _SHAPE).write_text(json.dumps(shape))
            shutil.rmtree(self.folder / key, ignore_errors=True)
            fresh.rename(self.folder / key)
        except OSError:
            # Full, read-only, or another process was faster: the stem is in hand all the same.
            if fresh is not None:
                shutil.rmtree(fresh, ignore_errors=True)

    def _room(self) -> int:
        """What all entries together may take now."""
        free = shutil.disk_usage(self.folder).free
        return min(self._limit_bytes, int(_FREE_SHARE * (free + sum(self.sizes().values()))))

    def sizes(self) -> dict[Path, int]:
        """Each entry's bytes, the least recently used first.

        What was used in the future, since the clock was set back, counts as the least recent.
        """
        found, now_s = [], time.time()
        for shape in self.folder.glob(f"[!.]*/{_SHAPE}"):
            with suppress(OSError):  # another process has just removed it
                size = (shape.parent / _SAMPLES).stat().st_size
                used_s = shape.stat().st_mtime
                found.append((used_s <= now_s + _ABANDONED_S, used_s, shape.parent, size))
        return {entry: size for *_, entry, size in sorted(found)}

    def _sweep(self, most_bytes: int | None = None) -> None:
        with suppress(OSError):
            sizes = self.sizes()
            room = self._room() if most_bytes is None else most_bytes
            total = sum(sizes.values())
            for entry, size in sizes.items():
                if total <= room:
                    break
                total -= size
                shutil.rmtree(entry, ignore_errors=True)
            for fresh in self.folder.glob(f"{_NEW}*"):
                if time.time() - fresh.stat().st_mtime > _ABANDONED_S:
                    shutil.rmtree(fresh, ignore_errors=True)


def _checksum(audio: Audio) -> int:
    checksum = 0
    for block in audio.blocks():
        checksum = zlib.crc32(np.ascontiguousarray(block.T).tobytes(), checksum)
    return checksum


def hash_of(audio: Audio) -> str:
    """A hash of samples, shape and rate, independent of the file that they came from."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{audio.sample_rate} {audio.channels} {audio.frames}".encode())
    for block in audio.blocks():
        digest.update(np.ascontiguousarray(block).tobytes())
    return digest.hexdigest()


def _key(content: str, separator: str, settings: str, target: str) -> str:
    from sayso import __version__

    text = "\0".join((__version__, content, separator, settings, target))
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
