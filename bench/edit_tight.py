"""Tightening edits: a little taken out every few seconds, with and without music under everything.

    python bench/edit.py tighten POOL [--recordings 30] [--minutes 5] [--only N ...]

Recordings are speech, or songs, speech and singing strung together, in turns; 0.2 to 0.5 s go every
3 to 8 s (under music three times as rarely), at random or regularly; joins are 10 ms; the result is
an MP3 at 96 kbit/s. Under music at -10 dB, time in which the recording is silent does not count.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from edit_material import RATE, Pool, mixed, write_mp3
from sayso.align.align import Alignment, align
from sayso.audio import Audio, read
from sayso.timeline import Clip, Edited, Timeline

_SILENT_DB = -60.0
_BED_DB = -10.0
_NEAR_S = 0.02


def bench_tighten(pool: Pool, count: int, minutes: float, only: list[int]) -> None:
    """Prints a row a recording, and the figures over all."""
    print("recording  every_s  cuts  placed  least_known  under music")
    plain, under = [], []
    for number in range(count):
        if only and number not in only:
            continue
        raw, every_s = _recording(pool, number, 60 * minutes)
        clips = _clips(raw, number, every_s)
        found = _aligned(raw, _made(raw, clips))
        plain.append(placed(found, raw, clips))
        fewer = _clips(raw, number, 3 * every_s)
        music = pool.files["backing"][number % len(pool.files["backing"])]
        bed = pool.excerpt(music, 40, np.random.default_rng(number))
        beneath = _aligned(raw, _made(raw, fewer, bed))
        under.append(placed(beneath, raw, fewer))
        known = min(found.known, beneath.known)
        print(
            f"{number:9d}  {every_s:7.1f}  {len(clips):4d}  {plain[-1]:6.2%}  {known:11.2%}"
            f"  {under[-1]:11.2%}",
            flush=True,
        )
    for name, shares in (("as it was", plain), ("under music", under)):
        print(f"{name}: mean {np.mean(shares):.2%}, least {min(shares):.2%} within 20 ms")


def placed(found: Alignment, raw: Audio, clips: list[Clip]) -> float:
    """The share of the edit's time that lies within 20 ms of its true place in `raw`."""
    level = raw.samples.mean(axis=0)
    hop = RATE // 100
    quiet = 10 * np.log10(
        np.square(level[: len(level) // hop * hop]).reshape(-1, hop).mean(1) + 1e-12
    )
    right, at = [], 0
    for clip in clips:
        times = np.arange(at, at + clip.frames, hop)
        want = clip.start + times - at
        got = np.full(len(times), np.inf)
        for match in found.matches:
            inside = (times >= match.start) & (times < match.stop)
            got[inside] = match.clip.start + (times[inside] - match.start) * match.speed
        near = np.abs(got - want) < _NEAR_S * RATE
        right.append(near[quiet[np.minimum(want // hop, len(quiet) - 1)] > _SILENT_DB])
        at += clip.frames
    return float(np.concatenate(right).mean())


def _recording(pool: Pool, number: int, seconds: float) -> tuple[Audio, float]:
    rng = np.random.default_rng(1000 + number)
    raw = mixed(pool, seconds, number) if number % 2 else _speech(pool, seconds, number)
    return raw, float(rng.choice([3, 4, 5, 6, 8]))


def _speech(pool: Pool, seconds: float, seed: int) -> Audio:
    rng = np.random.default_rng(seed)
    files, pieces, total = pool.files["speech"], [], 0.0
    while total < seconds:
        piece = pool.excerpt(files[rng.integers(len(files))], 12.0, rng)
        piece = piece / (np.abs(piece).max() + 1e-3) * 0.5
        loud = np.flatnonzero(np.abs(piece).max(axis=0) > 1e-3)
        piece = piece[:, : loud[-1] + 1] if len(loud) else piece
        pieces += [piece, np.zeros((2, int(rng.uniform(0.1, 0.6) * RATE)), np.float32)]
        total += piece.shape[1] / RATE
    whole = np.concatenate(pieces, axis=1)[:, : int(seconds * RATE)]
    return Audio((whole + rng.normal(0, 10 ** (-62 / 20), whole.shape)).astype(np.float32), RATE)


def _clips(raw: Audio, number: int, every_s: float) -> list[Clip]:
    rng, regular = np.random.default_rng(number), number % 3 == 2
    clips, at = [], 0
    while at < raw.frames - 2 * RATE:
        kept_s = every_s * (1.0 if regular else float(rng.uniform(0.5, 1.5)))
        stop = min(raw.frames, at + int(kept_s * RATE))
        clips.append(Clip(start=at, stop=stop))
        at = stop + int((0.35 if regular else rng.uniform(0.2, 0.5)) * RATE)
    return clips


def _made(raw: Audio, clips: list[Clip], bed: np.ndarray | None = None) -> Audio:
    timeline = Timeline(sample_rate=RATE, clips=tuple(clips), crossfade_frames=RATE // 100)
    sound = np.concatenate(list(Edited(raw, timeline).blocks()), axis=1)
    if bed is not None:
        music = np.tile(bed, (1, sound.shape[1] // bed.shape[1] + 1))[:, : sound.shape[1]]
        level = np.sqrt(np.mean(sound**2) / np.mean(music**2)) * 10 ** (_BED_DB / 20)
        sound = sound + music * level
    return Audio((sound * min(1.0, 0.95 / np.abs(sound).max())).astype(np.float32), RATE)


def _aligned(raw: Audio, edited: Audio) -> Alignment:
    """`raw` against `edited` as an MP3."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "edit.mp3"
        write_mp3(path, edited)
        return align(raw, read(path))
