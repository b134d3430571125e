"""Looking at a data set's sound before training starts: silence, damage, missing stems.

Headers promise more than files hold. Every part is decoded at its very end, where a download that
broke off shows, and every mix from its start until something sounds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sayso.errors import DataError
from sayso.train.data.datasets.record import Listing, Signal, Skipped, Track
from sayso.train.data.datasets.spans import read_span

_SILENCE = 1e-4  # -80 dBFS
_BLOCK_S = 10.0
_MOST_NAMED = 5


def check(
    listing: Listing,
    *,
    stems: Sequence[str],
) -> Listing:
    """The tracks that can be trained on, all others named with the reason.

    Args:
        listing: as `read_data_set` returns it.
        stems: names that every track must have.
    Raises: DataError when no track is left, with the first few reasons.
    """
    tracks: list[Track] = []
    skipped = list(listing.skipped)
    for track in listing.tracks:
        try:
            _check_track(track, stems)
            tracks.append(track)
        except DataError as error:
            skipped.append(Skipped(track.title, str(error)))
    if not tracks:
        raise DataError(f"no usable track; {describe(skipped)}")
    return Listing(tuple(tracks), tuple(skipped))


def describe(skipped: Sequence[Skipped]) -> str:
    """How many tracks were left out, with the names and reasons of the first few.

    >>> describe([Skipped("ikala: 10161_chorus", "10161_chorus.wav holds no samples")])
    '1 track left out: ikala: 10161_chorus (10161_chorus.wav holds no samples)'
    """
    if not skipped:
        return "no track left out"
    named = "; ".join(f"{item.title} ({item.reason})" for item in skipped[:_MOST_NAMED])
    more = f"; and {len(skipped) - _MOST_NAMED} more" if len(skipped) > _MOST_NAMED else ""
    return f"{len(skipped)} track{'s' * (len(skipped) > 1)} left out: {named}{more}"


def _check_track(track: Track, stems: Sequence[str]) -> None:
    missing = [name for name in stems if name not in track.stems]
    if missing:
        raise DataError(f"there is no stem {', '.join(missing)}; it has {', '.join(track.stems)}")
    block = round(_BLOCK_S * track.sample_rate)
    for signal in (track.mix, *(track.stems[name] for name in stems)):
        read_span(signal, max(0, track.frames - block // 10), block // 10, channels=1)
    if _is_silent(track.mix, track.frames, block):
        raise DataError("its mix is silent throughout")


def _is_silent(signal: Signal, frames: int, block: int) -> bool:
    return all(
        np.abs(read_span(signal, start, min(block, frames - start), channels=1)).max() < _SILENCE
        for start in range(0, frames, block)
    )
