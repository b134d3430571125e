"""Reaper projects, read: the take that plays of each item of each track that plays.

What changes when something is heard is honoured or refused: mutes, solos, takes, sections, loops,
rates of play, stretch markers. What else changes how it sounds, but volume, is left out and noted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from sayso.errors import FormatError
from sayso.timeline.exchange.project import Piece, Project, Row, number

_NO_SOUND = ("MIDI", "EMPTY", "CLICK", "LTC", "RPP_PROJECT", "VIDEOEFFECT")
_NOTED = {
    "TAKEFX": "plug-ins of clips", "FXCHAIN": "plug-ins of tracks", "VOLENV": "volume curves",
    "VOLENV2": "volume curves", "PITCHENV": "pitch curves", "PANENV": "pan curves",
}  # fmt: skip
_REVERSED, _WHOLE = 2, 1
"""Bits of the MODE of a section."""
_WORD = re.compile(r"""\"([^\"]*)\"?|'([^']*)'?|`([^`]*)`?|(\S+)""")


@dataclass
class _Block:
    """A bracketed block: its words, and the lines and blocks in it in their order."""

    words: list[str]
    lines: list[list[str]] = field(default_factory=list)
    blocks: list[_Block] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What kind it is."""
        return self.words[0] if self.words else ""

    def inner(self, *names: str) -> list[_Block]:
        """The blocks in it of these kinds."""
        return [block for block in self.blocks if block.name in names]

    def get(self, key: str, at: int = 0, default: float | None = 0.0) -> Fraction:
        """A number of the first line that begins with `key`. Raises: FormatError."""
        words = next((line[1:] for line in self.lines if line[0] == key), [])
        if at < len(words):
            return number(words[at], f"{key} of {self.name.lower() or 'a block'}")
        if default is None:
            raise FormatError(f"an item has no {key}; the file is damaged")
        return Fraction(default)


def read_project(text: str) -> Project:
    """The tracks of a project. Raises: FormatError."""
    root = _parse(text)
    if root.get("PLAYRATE", default=1.0) not in (0, 1):
        raise FormatError("the whole project plays at another speed; expected its own")
    tracks = list(_in_folders(root.inner("TRACK")))
    soloed = any(solo for _, _, solo, _ in tracks)
    notes: list[str] = []
    rows = []
    for track, muted, solo, volume in tracks:
        plays = not muted and solo == soloed
        found = [_piece(item, volume, plays, notes) for item in track.inner("ITEM")]
        pieces = sorted((piece for piece in found if piece), key=lambda piece: piece.at)
        if pieces and plays:
            notes += [f"{_NOTED[block.name]} are left out" for block in track.inner(*_NOTED)]
        name = next((line[1] for line in track.lines if line[0] == "NAME" and len(line) > 1), "")
        rows.append(Row(name=name, enabled=plays, pieces=tuple(pieces)))
    return Project(rows=tuple(rows), joins=True, notes=tuple(dict.fromkeys(notes)))


def _in_folders(tracks: list[_Block]) -> Iterator[tuple[_Block, bool, bool, Fraction]]:
    """Each track, whether it or a folder around it is muted, or soloed, and their volume."""
    folders: list[tuple[bool, bool, Fraction]] = []
    for track in tracks:
        muted, solo = bool(track.get("MUTESOLO")), bool(track.get("MUTESOLO", 1))
        volume = track.get("VOLPAN", default=1.0)
        if folders:
            muted, solo, volume = (
                muted or folders[-1][0], solo or folders[-1][1], volume * folders[-1][2]
            )  # fmt: skip
        yield track, muted, solo, volume
        if track.get("ISBUS") == 1:
            folders.append((muted, solo, volume))
        elif track.get("ISBUS") == 2:
            closed = max(0, int(-track.get("ISBUS", 1)))
            del folders[max(0, len(folders) - closed) :]


def _parse(text: str) -> _Block:
    stack: list[_Block] = []
    root: _Block | None = None
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("<"):
            block = _Block(_words(line[1:]))
            if stack:
                stack[-1].blocks.append(block)
            elif root is None:
                root = block
            stack.append(block)
        elif line == ">":
            if not stack:
                raise FormatError("a block is closed that was never opened; the file is damaged")
            stack.pop()
        elif line and stack:
            stack[-1].lines.append(_words(line))
            if stack[-1].name == "ITEM" and line.split()[0] == "TAKE":
                # A take's blocks follow its line: a mark keeps their place among the others.
                stack[-1].blocks.append(_Block(["TAKE"]))
    if root is None or root.name != "REAPER_PROJECT" or stack:
        raise FormatError("not a whole Reaper project; the file is damaged or of another kind")
    return root


def _words(text: str) -> list[str]:
    return [next(filter(None, found.groups()), "") for found in _WORD.finditer(text)] or [""]


def _takes(item: _Block) -> tuple[_Block, _Block]:
    """What holds for an item, and the take that plays."""
    takes = [_Block(["ITEM"])]
    active = 0
    for line in item.lines:
        if line[0] == "TAKE":
            takes.append(_Block(["TAKE"]))
            if "SEL" in line[1:]:
                active = len(takes) - 1
        takes[-1].lines.append(line)
    at = 0
    for block in item.blocks:
        if block.name == "TAKE":
            at += 1
        else:
            takes[at].blocks.append(block)
    return takes[0], takes[active]


def _piece(item: _Block, volume: Fraction, plays: bool, notes: list[str]) -> Piece | None:
    """An item of a track that `plays` at a volume; None where it has no recording."""
    head, take = _takes(item)
    source, section = _source(take)
    if source is None or source.words[1:2] == [] or source.words[1] in _NO_SOUND:
        notes.append("items without a recording, such as MIDI, are left out")
        return None
    length, start = head.get("LENGTH", default=None), take.get("SOFFS")
    if length <= 0:
        raise FormatError("an item has no length; the file is damaged")
    speed, window = take.get("PLAYRATE", default=1.0), None
    if section is not None:
        mode = int(section.get("MODE"))
        speed = -speed if mode & _REVERSED else speed
        if not mode & _WHOLE:
            window = section.get("STARTPOS"), section.get("LENGTH", default=None)
            start += window[0]
    volume *= head.get("VOLPAN", default=1.0)
    volume *= head.get("VOLPAN", 2, 1.0) if take is head else take.get("TAKEVOLPAN", 1, 1.0)
    enabled = plays and volume != 0 and not head.get("MUTE")
    if enabled:
        _check(item, take, volume, notes)
    return Piece(
        at=head.get("POSITION", default=None),
        length=length,
        start=start,
        media=next((line[1] for line in source.lines if line[0] == "FILE" and line[1:]), None),
        enabled=enabled,
        gain_db=_decibels(abs(volume)),
        speed=speed,
        fade_in=_fade(head, "FADEIN", length),
        fade_out=_fade(head, "FADEOUT", length),
        window=window,
        loops=bool(head.get("LOOP")),
    )


def _check(item: _Block, take: _Block, volume: Fraction, notes: list[str]) -> None:
    """Raises FormatError for what moves the sound in time; notes what else changes it."""
    if item.get("ALLTAKES") and any(line[0] == "TAKE" for line in item.lines):
        raise FormatError("an item plays all of its takes at once; choose one of them in Reaper")
    if any(line[0] == "SM" for line in take.lines):
        raise FormatError("an item has stretch markers; glue it in Reaper first")
    notes += [f"{_NOTED[block.name]} are left out" for block in take.inner(*_NOTED)]
    if take.get("CHANMODE"):
        notes.append("channel modes of clips are left out")
    varied = take.get("PLAYRATE", default=1.0) != 1 and not take.get("PLAYRATE", 1, 1.0)
    if take.get("PLAYRATE", 2) or varied:
        notes.append("changes of pitch are left out")
    if volume < 0:
        notes.append("turned polarities of clips are left out")


def _source(take: _Block) -> tuple[_Block | None, _Block | None]:
    """The source of a take, and the section of it that plays if there is one."""
    source, section = next(iter(take.inner("SOURCE")), None), None
    while source is not None and source.words[1:2] == ["SECTION"]:
        if section is not None:
            raise FormatError("an item plays a section of a section; glue it in Reaper first")
        section, source = source, next(iter(source.inner("SOURCE")), None)
    return source, section


def _fade(item: _Block, key: str, length: Fraction) -> Fraction:
    """The length of a fade; that of a crossfade that Reaper made by itself is the third word."""
    longest = max(item.get(key, 1), item.get(key, 2))
    return min(max(longest, Fraction(0)), length)


def _decibels(volume: Fraction) -> float:
    gain_db = 20 * math.log10(max(float(volume), 1e-50))
    return 0.0 if abs(gain_db) < 1e-6 else round(gain_db, 6)
