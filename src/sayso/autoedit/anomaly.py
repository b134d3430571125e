"""How usual a recording's sound is, against the sound that somebody keeps.

An autoencoder of mel segments has heard the edits alone. Only active sound is compared: every
segment is taken at its own level, pauses in it do not count, and segments that mostly pause are
left out, so neither level nor silence decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sayso.autoedit.bars import Bars, means
from sayso.autoedit.features import HOP, RATE, Array, Features
from sayso.timeline import Timeline
from sayso.timeline.silence import quiet_below_db

if TYPE_CHECKING:
    from sayso.networks.autoencoder import Autoencoder

LENGTHS = (64, 128)
"""Frames of the segments: 2 and 4 s."""
STRIDE = 16
_ACTIVE = 0.5
_NEIGHBOURS = 5
_BATCH = 256

Mask = npt.NDArray[np.bool_]


class Segments(NamedTuple):
    """Overlapping pieces of a recording in which something sounds.

    `mel` [n, MELS, T] at the level of each, about -1 to 1; `active` [n, T], 1 where something
    sounds, else 0; `starts` [n] in frames.
    """

    mel: Array
    active: Array
    starts: npt.NDArray[np.int64]


class Known(NamedTuple):
    """What is known of the sound that is kept: `errors` [n], rising, and `latents` [n, 2 L]."""

    errors: Array
    latents: Array


def active_frames(features: Features, bars: Bars) -> Mask:
    """Whether something sounds in each frame [N]: louder than the room, and not in a pause."""
    level = features.level
    found: Mask = (level > quiet_below_db(level)) & ~np.repeat(bars.rest, np.diff(bars.edges))
    return found


def cut_segments(
    features: Features, bars: Bars, length: int, timeline: Timeline | None = None
) -> Segments:
    """Segments of `length` frames that sound for half of it at least.

    With a `timeline`, those alone of which all that sounds is heard in it.
    """
    active = active_frames(features, bars)
    if features.count < length:
        empty = np.zeros((0, len(features.mel), length), np.float32)
        return Segments(empty, np.zeros((0, length), np.float32), np.zeros(0, np.int64))
    there = _windows(active, length)
    chosen = there.mean(axis=-1) >= _ACTIVE
    if timeline is not None:
        kept = np.zeros(features.count, bool)
        scale = RATE / HOP / features.sample_rate
        for clip in timeline.clips:
            kept[round(clip.start * scale) : round(clip.stop * scale)] = True
        chosen &= _windows(kept | ~active, length).all(axis=-1)
    starts = np.flatnonzero(chosen)
    mel = np.moveaxis(_windows(features.mel, length)[:, starts], 1, 0)
    mask = there[starts].astype(np.float32)
    power = np.power(10.0, mel / 10).sum(axis=1) * mask
    level = 10 * np.log10(power.sum(axis=1) / mask.sum(axis=1) + 1e-9)
    even = np.clip((mel - level[:, None, None] + 25) / 25, -1, 1.5).astype(np.float32)
    return Segments(even, mask, starts * STRIDE)


def _windows(course: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    return np.lib.stride_tricks.sliding_window_view(course, length, axis=-1)[..., ::STRIDE, :]


def hear(net: Autoencoder, found: Segments) -> Known:
    """What `net` rebuilds wrongly of each segment [n], and where each lies [n, 2 L].

    The latter is the mean and the spread over its active sound.
    """
    import torch

    from sayso.networks.autoencoder import active_error

    errors, latents = [], []
    with torch.inference_mode():
        for start in range(0, len(found.mel), _BATCH):
            mel = torch.from_numpy(found.mel[start : start + _BATCH])
            active = torch.from_numpy(found.active[start : start + _BATCH])
            errors.append(active_error(net, mel, active).numpy())
            weight = active.reshape(len(active), -1, STRIDE).mean(dim=2)[:, None]
            weight = weight / weight.sum(dim=2, keepdim=True)
            course = net.encode(mel)
            mean = (course * weight).sum(dim=2)
            spread = ((course - mean[..., None]) ** 2 * weight).sum(dim=2).sqrt()
            latents.append(torch.cat([mean, spread], dim=1).numpy())
    if not errors:
        return Known(np.zeros(0, np.float32), np.zeros((0, 2 * net.config.latent), np.float32))
    return Known(np.concatenate(errors), np.concatenate(latents))


def usual(
    features: Features, bars: Bars, net: Autoencoder, known: Known, rests: float
) -> tuple[Array, Array]:
    """How usual each bar is by what is rebuilt and by where it lies, each [N], from 0 to 1.

    Both are the share of the known sound that is rebuilt worse, or lies farther off. A pause is as
    usual as the less usual of its neighbours, times `rests`, the share of pauses that is kept.
    """
    spread = known.latents.std(axis=0) + 1e-6
    cluster = known.latents / spread
    own = np.sort(_distances(cluster[:: max(1, len(cluster) // 512)], cluster, skip=1))
    total = np.zeros((2, features.count + 1))
    weight = np.zeros(features.count + 1)
    for length in LENGTHS:
        found = cut_segments(features, bars, length)
        if not len(found.starts):
            continue
        errors, latents = hear(net, found)
        both = np.stack(
            [
                _likeness(errors, known.errors),
                _likeness(_distances(latents / spread, cluster, skip=0), own),
            ]
        )
        for edge, sign in ((found.starts, 1), (found.starts + length, -1)):
            for row, values in zip(total, both, strict=True):
                np.add.at(row, edge, sign * values)
            np.add.at(weight, edge, sign)
    total, weight = np.cumsum(total, axis=1)[:, :-1], np.cumsum(weight)[:-1]
    counts = (active_frames(features, bars) & (weight > 0.5)).astype(np.float32)
    course = (total / np.maximum(weight, 1e-6) * counts).astype(np.float32)
    share = means(counts, bars.edges)
    values = means(course, bars.edges) / np.maximum(share, 1e-6)
    return tuple(_filled(row, (share > 0) & ~bars.rest, bars.rest, rests) for row in values)  # type: ignore[return-value]


def _likeness(values: Array, known: Array) -> Array:
    """The share of `known`, rising, that is beyond each of `values`."""
    share = 1 - np.searchsorted(known, values) / len(known)
    # Beyond all that is known, order still matters.
    likeness: Array = 0.9 * share + 0.1 * np.exp(-values / (known[-1] + 1e-6))
    return likeness


def _filled(values: Array, heard: Mask, rest: Mask, rests: float) -> Array:
    """`values` [N] where bars were `heard`; else from the nearest that were, on both sides."""
    places = np.flatnonzero(heard)
    if not len(places):
        return np.full(len(values), 0.5, np.float32)
    after = np.searchsorted(places, np.arange(len(values)))
    sides = (
        values[places[np.maximum(after - 1, 0)]],
        values[places[np.minimum(after, len(places) - 1)]],
    )
    near = np.minimum(*sides) * np.where(rest, rests, 1.0)
    filled: Array = np.where(heard, values, near).astype(np.float32)
    return filled


def _distances(points: Array, cluster: Array, *, skip: int) -> Array:
    """Mean distance of `points` [n, L] to the nearest few of `cluster` [m, L], after `skip`."""
    squares = (points**2).sum(axis=1)[:, None] + (cluster**2).sum(axis=1)[None]
    squares = squares - 2 * points @ cluster.T
    last = min(_NEIGHBOURS + skip, len(cluster)) - 1
    nearest = np.sort(np.partition(squares, last, axis=1)[:, : last + 1], axis=1)[:, skip:]
    if not nearest.shape[1]:  # of a single point nothing else is known
        return np.zeros(len(points), np.float32)
    distances: Array = np.sqrt(np.maximum(nearest, 0)).mean(axis=1)
    return distances
