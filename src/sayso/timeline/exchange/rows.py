"""Which pieces of a project are heard, and of which recordings.

An edit holds one recording, or several that run side by side and are cut at the same places. What
a project says beyond that is honoured, or refused in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from sayso.errors import FormatError
from sayso.timeline.exchange.media import Find, Media
from sayso.timeline.exchange.project import Piece, Project, Row


def cut_together(project: Project, find: Find, notes: list[str]) -> tuple[list[Piece], list[Media]]:
    """The pieces that are heard, in order, and the recordings that are cut like that.

    Args:
        project: what a file says.
        find: gives its recordings.
        notes: gets what a person should know.

    Raises: FormatError where the tracks are not cut together, as `find`.
    """
    rows = _heard(project, notes)
    names = dict.fromkeys(piece.media for row in rows for piece in row.pieces)
    found = {name: find(name) for name in names}
    paths = {name: media.path for name, media in found.items()}
    tracks: dict[str, list[Row]] = {}
    for row in rows:
        inside = list(dict.fromkeys(paths[piece.media] for piece in row.pieces))
        if len(inside) > 1:
            raise FormatError(
                f"the track {row.name!r} is cut from {len(inside)} recordings "
                f"({', '.join(inside[:3])}); expected one"
            )
        tracks.setdefault(inside[0], []).append(row)
    merged = {path: _merged(those, notes) for path, those in tracks.items()}
    first, *others = merged
    for path in others:
        if _cuts(merged[path]) != _cuts(merged[first]):
            raise FormatError(
                f"the tracks {tracks[first][0].name!r} and {tracks[path][0].name!r} are cut at "
                "different places; expected tracks that are cut together. Mute or delete all but "
                "one, or import them one by one"
            )
    media = {found[name].path: found[name] for name in names}
    return merged[first], [media[path] for path in merged]


def _heard(project: Project, notes: list[str]) -> list[Row]:
    """The rows with sound, without what is switched off."""
    rows = [row for row in project.rows if row.pieces]
    if not rows:
        raise FormatError("holds no clips; expected a track with at least one")
    # The sound of a video is only taken from its picture where nothing else says what is heard.
    rows = [row for row in rows if not row.picture] or rows
    live = []
    for row in rows:
        pieces = tuple(piece for piece in row.pieces if piece.enabled and row.enabled)
        if pieces:
            live.append(replace(row, pieces=pieces))
    off = sum(len(row.pieces) for row in rows) - sum(len(row.pieces) for row in live)
    if not live:
        raise FormatError("keeps nothing: every clip with sound is muted or switched off")
    if off:
        notes.append(f"{off} clip{'s are' * (off > 1) or ' is'} switched off, and left out")
    return live


def _merged(rows: Sequence[Row], notes: list[str]) -> list[Piece]:
    """The pieces of one recording in one row, from the rows that they are spread over.

    Channels of one recording are often rows of their own, cut alike: they are one. Rows that take
    turns are one, too; what sounds at the same time from two places is not.
    """
    pieces: dict[tuple[Fraction, ...], tuple[Piece, int]] = {}
    alike = False
    for number, row in enumerate(rows):
        for piece in row.pieces:
            held, _ = pieces.setdefault(_cut(piece), (piece, number))
            alike = alike or held.gain_db != piece.gain_db
    if alike:
        notes.append(f"the tracks of {rows[0].name!r} differ in gain; that of the first is taken")
    ordered = sorted(pieces.values(), key=lambda pair: (pair[0].at, pair[0].end))
    latest: tuple[Fraction, int] | None = None
    for piece, number in ordered:
        if latest is not None and piece.at < latest[0] and number != latest[1]:
            raise FormatError(
                f"the tracks {rows[latest[1]].name!r} and {rows[number].name!r} play one recording "
                "from different places at the same time; expected tracks that take turns"
            )
        if latest is None or piece.end >= latest[0]:
            latest = piece.end, number
    return [piece for piece, _ in ordered]


def _cut(piece: Piece) -> tuple[Fraction, ...]:
    return piece.at, piece.length, piece.start, piece.speed


def _cuts(pieces: Sequence[Piece]) -> list[tuple[Fraction, ...]]:
    return [_cut(piece) for piece in pieces]
