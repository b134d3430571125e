"""XML catalogues of data sets, as the released code of arXiv:1711.00048 brings them along.

    <database>
      <databaseName>DSD100</databaseName>
      <databaseFolderPath>/data/DSD100</databaseFolderPath>
      <trackList>
        <track>
          <title>...</title> <artist>...</artist> <databaseSplit>Training</databaseSplit>
          <instrumentList>
            <instrument>
              <relativeFilepath>Sources/Dev/.../vocals.wav</relativeFilepath>
              <instrumentName>Voice</instrumentName>

`Mix`, `Voice` and `Instrumental` are the mix, the vocals and the accompaniment; any other name is a
stem of its own, and what is listed more than once is summed. Of MedleyDB the mix is the sum of its
stems, `Mix` and `Instrumental` naming the mastered one; of iKala the one file holds the
accompaniment on the left and the voice on the right. Rates and lengths are read from the files.

A catalogue is plain text of at most 4 MiB: one with a document type, where entities would be
declared, is refused, as is a path that leads out of the data set's folder.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias
from xml.etree import ElementTree

from sayso.errors import DataError
from sayso.train.data.datasets.record import ACCOMPANIMENT, VOCALS, Part, Signal, Track

LAYOUTS = ("dsd100", "medleydb", "ccmixter", "ikala", "folder")
"""The data sets that a catalogue can describe."""

_MOST_BYTES = 4 << 20
_MIX = "mix"
_NAMES = {"voice": VOCALS, "instrumental": ACCOMPANIMENT, "mix": _MIX}
_Files: TypeAlias = dict[str, list[Path]]


def read_catalogue(path: Path, layout: str, *, folder: Path | None = None) -> Iterator[Track]:
    """The songs of a catalogue, in its order; no file of theirs is opened.

    Args:
        path: of the XML file.
        layout: one of `LAYOUTS`, which decides what the mix is made of.
        folder: where the songs are; else where the catalogue says, from its own folder on if that
            is no absolute path.
    Raises: DataError for what is no such catalogue, another data set's, or one whose folder is not
        there.
    """
    if layout not in LAYOUTS:
        raise DataError(f"{path.name}: no catalogue describes {layout}; {', '.join(LAYOUTS)} do")
    root = _parsed(path)
    named = root.findtext("databaseName", "").strip().lower()
    if named in LAYOUTS and layout not in (named, "folder"):
        raise DataError(f"{path.name} is a catalogue of {named}, not of {layout}")
    base = folder or _folder(path, root)
    if not base.is_dir():
        raise DataError(
            f"{path.name} says its songs are in {base}, which is not there; correct its "
            "databaseFolderPath, or name their folder: {layout: "
            f"{layout}, root: {path.name}, folder: ...}}"
        )
    seen: Counter[str] = Counter()
    for track in root.iter("track"):
        name = _name(track)
        seen[name] += 1
        again = f" ({seen[name]})" if seen[name] > 1 else ""
        mix, stems = _signals(_files(track, base, path), layout)
        yield Track("", name + again, mix, stems, subset=_subset(track))


def _parsed(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise DataError(f"{path.name} is no catalogue: it has more than 4 MiB")
        text = content.decode("utf-8-sig")
        # Without a document type there are no entities but XML's own five.
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise DataError(f"{path.name} declares a document type, which no catalogue needs")
        root = ElementTree.fromstring(text)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path.name} is no catalogue: it is not UTF-8 text") from None
    except (ElementTree.ParseError, ValueError) as error:
        raise DataError(f"{path.name} is no catalogue: {error}") from None
    if root.tag != "database":
        raise DataError(f"{path.name} is no catalogue: expected <database>, found <{root.tag:.40}>")
    return root


def _folder(path: Path, root: Any) -> Path:
    said = root.findtext("databaseFolderPath", "").strip()
    if not said:
        raise DataError(f"{path.name} has no databaseFolderPath, which says where its songs are")
    return path.parent / Path(said).expanduser()


def _name(track: Any) -> str:
    parts = (track.findtext(key, "").strip() for key in ("artist", "title"))
    return " - ".join(part for part in parts if part) or "a song without a title"


def _subset(track: Any) -> str:
    split = track.findtext("databaseSplit", "").strip().lower()
    if not split:
        return ""
    return "train" if split.startswith("train") else "test"


def _files(track: Any, base: Path, path: Path) -> _Files:
    """The files of a song by what they hold, each once."""
    found: _Files = {}
    for instrument in track.iter("instrument"):
        said = instrument.findtext("relativeFilepath", "").strip()
        relative = PurePosixPath(said)
        if not said or relative.is_absolute() or ".." in relative.parts:
            raise DataError(
                f"{path.name}: {_name(track)} names the file {said!r}; expected a path within the "
                "data set's folder"
            )
        name = instrument.findtext("instrumentName", "").strip().lower()
        files = found.setdefault(_NAMES.get(name, name), [])
        if base / relative not in files:
            files.append(base / relative)
    return found


def _signals(files: _Files, layout: str) -> tuple[Signal, dict[str, Signal]]:
    """The mix and the stems that a data set's files make."""
    parts = {name: tuple(map(Part, found)) for name, found in files.items()}
    if layout == "ikala" and (both := parts.get(_MIX)):
        left, right = (both[0]._replace(channel=channel) for channel in (0, 1))
        return (left, right), {ACCOMPANIMENT: (left,), VOCALS: (right,)}
    if layout == "medleydb":
        mastered = (_MIX, VOCALS, ACCOMPANIMENT)
        others = [found for name, found in parts.items() if name not in mastered]
        voices, rest = parts.get(VOCALS, ()), tuple(itertools.chain(*others))
        return voices + rest, {VOCALS: voices, ACCOMPANIMENT: rest}
    mix = parts.pop(_MIX, ())
    if mix:
        return mix[:1], parts
    return tuple(itertools.chain(*parts.values())), parts
