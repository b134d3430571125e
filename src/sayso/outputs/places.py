"""`Destination`: which files a request writes, and whether it may."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath

from sayso.atomic import in_words
from sayso.audio.formats import FORMATS, READABLE, SAME, format_of
from sayso.errors import OutputError
from sayso.outputs.names import PATTERN, file_name, folded, inside, numbered
from sayso.outputs.room import Sound, check_sound

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # on Windows two commands at once may choose one name
    flock = None  # type: ignore[assignment]

_FORMAT = "wav"
_ANY = "any"


@dataclass(frozen=True)
class Destination:
    """Where the outputs of a request go; made by `to`.

    Attributes:
        folder: which is made if it is not there.
        pattern: of the names in it; may use {track}, {target} and {ext}.
        format: a suffix that `sayso.audio.write` knows.
        encoding: "pcm16", "pcm24", "float32", a bit rate as "192k"; None takes the format's own.
        overwrite: whether what is there is replaced; inputs never are.
        file: the name of the one file in `folder` that the person asked for; None for a folder.
        encode: whether a picture may be encoded anew, where it has to be cut.
    """

    folder: Path
    pattern: str = PATTERN
    format: str = _FORMAT
    encoding: str | None = None
    overwrite: bool = False
    file: str | None = None
    encode: bool = False

    @classmethod
    def to(
        cls,
        out: str | Path,
        *,
        pattern: str | None = None,
        usual: str = PATTERN,
        format: str | None = None,
        encoding: str | None = None,
        overwrite: bool = False,
        encode: bool = False,
    ) -> Destination:
        """The destination that a person names.

        Args:
            out: a folder; or a file, whose ending is that of an audio format.
            pattern: of names in a folder; None takes the usual one.
            usual: the pattern where the person gives none.
            format: None takes that of the name of the file or pattern, else "wav".
            encoding: see above.
            overwrite: see above.
            encode: see above.
        Raises: OutputError for a format that cannot be written, or that the names contradict.
        """
        file = file_of(out)
        if file is not None and pattern is not None:
            raise OutputError(
                f"{out} names one file, and the pattern {pattern!r} names files in a folder; "
                "leave one of them out"
            )
        pattern = pattern or usual
        name = file or file_name(pattern, "track", "target", _ANY)
        ending = PurePosixPath(name).suffix.removeprefix(".")
        if not ending:
            raise OutputError(f"the file name pattern {pattern!r} has no ending; add .{{ext}}")
        ending = ending if ending != _ANY else ""
        chosen = format or ending or _FORMAT
        form = format_of(Path(f"x.{chosen}"))
        if ending and format_of(Path(name)) != form:
            raise OutputError(f"{name} ends in .{ending}, but {format} was asked for")
        if encoding is not None and not form.holds(encoding):
            raise OutputError(f"{form.suffix} cannot hold {encoding}; expected {form.offers}")
        folder = Path(out) if file is None else Path(out).parent
        return cls(folder, pattern, chosen, encoding, overwrite, file, encode)

    def names(self, track: str, targets: Sequence[str], *, number: int = 1) -> dict[str, str]:
        """The name of each target's file below the folder, no two alike.

        Args:
            track: what is filed: the input's name without its ending.
            targets: the tracks of the request.
            number: from 2 on the names are others: "song-2/vocals.wav", "vocals-2.wav".
        Raises: OutputError for several tracks where there is one name.
        """
        if self.file is not None:
            if len(targets) > 1:
                raise OutputError(
                    f"{self.file} is one file, but there are {len(targets)} tracks "
                    f"({', '.join(targets)}); name a folder with -o"
                )
            return {target: numbered(self.file, number) for target in targets}
        if len(targets) > 1 and "{target}" not in self.pattern:
            raise OutputError(
                f"the file name pattern {self.pattern!r} would give {', '.join(targets)} the same "
                "name; it must hold {target}, too"
            )
        if number > 1 and "{track}" in self.pattern:
            track, number = f"{track}-{number}", 1
        found: dict[str, str] = {}
        taken: set[str] = set()
        for target in targets:
            plain = numbered(file_name(self.pattern, track, target, self.format), number)
            unlike = (numbered(plain, again) for again in count(1))
            name = next(name for name in unlike if folded(name) not in taken)
            taken.add(folded(name))
            found[target] = name
        return found

    def choose(
        self,
        track: str,
        targets: Sequence[str],
        *,
        inputs: Iterable[str | Path] = (),
        ours: Iterable[Path] = (),
        notice: Callable[[str], None] | None = None,
    ) -> dict[str, Path]:
        """The file that each target may be written to.

        Args:
            track: as `names` takes it.
            targets: as `names` takes them.
            inputs: the files that the request reads.
            ours: what may be replaced, since this conversation has written it.
            notice: told where names are other than expected.
        Raises: OutputError by the rule of `sayso.outputs`.
        """
        inputs, ours = list(inputs), set(ours)
        met: Path | None = None
        for number in count(1):
            names = self.names(track, targets, number=number)
            places = {target: inside(self.folder, name) for target, name in names.items()}
            for place in places.values():
                refuse_inputs(place, inputs)
            there = next((p for p in places.values() if p not in ours and self.is_taken(p)), None)
            if there is None:
                break
            if self.file is not None:
                raise OutputError(f"{there} is there already; {_CHOICE}")
            met = met or there
        if met is not None and notice is not None:
            notice(
                f"{met} is taken and stays; written instead: {', '.join(map(str, places.values()))}"
            )
        return places

    def is_taken(self, place: Path) -> bool:
        """Whether a path below the folder is not free to be written."""
        if is_blocked(place, self.folder):
            return True
        return not self.overwrite and os.path.lexists(place)

    def check(
        self,
        track: str,
        targets: Sequence[str],
        *,
        sound: Sound | None = None,
        inputs: Iterable[str | Path] = (),
        ours: Iterable[Path] = (),
    ) -> None:
        """Finds out before any work whether the outputs could be written.

        Args:
            track: as `choose` takes it.
            targets: as `choose` takes them.
            sound: what is worked on, where it is known; the outputs are like it.
            inputs: as `choose` takes them.
            ours: as `choose` takes it.
        Raises: OutputError for names, folder, format, or too little room on the disk.
        """
        check_folder(self.folder)
        places = self.choose(track, targets, inputs=inputs, ours=ours)
        if sound is not None:
            check_sound(list(places.values()), self.encoding, sound)

    @contextmanager
    def claim(
        self,
        track: str,
        targets: Sequence[str],
        *,
        inputs: Iterable[str | Path] = (),
        ours: Iterable[Path] = (),
        notice: Callable[[str], None] | None = None,
    ) -> Iterator[Mapping[str, Path]]:
        """As `choose`; no other command takes these names while the block writes them."""
        with in_words(self.folder / "x"):
            self.folder.mkdir(parents=True, exist_ok=True)
        with held(self.folder):
            yield self.choose(track, targets, inputs=inputs, ours=ours, notice=notice)


_CHOICE = "choose another name, or replace it with --overwrite"


def file_of(out: str | Path) -> str | None:
    """The name of the file that `out` is to be; None where it is a folder.

    Raises: OutputError for a file whose format is known, but cannot be written.
    """
    text, path = str(out), Path(out)
    suffix = path.suffix.lower().removeprefix(".")
    if text.endswith(("/", os.sep)) or is_folder(path):
        return None
    if suffix in FORMATS or suffix in SAME or suffix in READABLE:
        format_of(path)
        return path.name
    return None


def check_file(
    path: str | Path, *, inputs: Iterable[str | Path] = (), overwrite: bool = False
) -> Path:
    """A file that a person named, if it may be written; asked before the work and after it.

    Raises: OutputError where it is an input, or is there and not to be replaced.
    """
    path = Path(path)
    refuse_inputs(path, inputs)
    if is_folder(path):
        raise OutputError(f"{path} is a folder; expected the name of a file")
    if os.path.lexists(path) and not overwrite:
        raise OutputError(f"{path} is there already; {_CHOICE}")
    check_folder(path.parent)
    return path


def check_folder(folder: Path) -> None:
    """Raises OutputError unless files can be made in `folder`, which may not be there yet."""
    nearest = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), folder)
    if not is_folder(nearest):
        raise OutputError(f"{nearest} is no folder; choose another with -o")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(f"{nearest} may not be written to; choose another folder with -o")


def refuse_inputs(place: Path, inputs: Iterable[str | Path]) -> None:
    """Raises OutputError where `place` is one of `inputs`."""
    for source in inputs:
        if is_same(place, source):
            raise OutputError(
                f"{place}: this would replace the source {source}; choose another place with -o"
            )


def is_same(one: str | Path, other: str | Path) -> bool:
    """Whether two paths are one file: by what lies on the disk, not by how they are spelt."""
    try:
        return Path(one).samefile(other)
    except (OSError, ValueError):
        return False


def unused(path: Path) -> Path:
    """`path`, or the first of its numbered names at which nothing lies."""
    names = (path.with_name(numbered(path.name, number)) for number in count(1))
    return next(place for place in names if not os.path.lexists(place))


def is_folder(path: Path) -> bool:
    """Whether a path, which may be anything that a person typed, is a folder."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_blocked(place: Path, folder: Path) -> bool:
    """Whether a folder in which `place` shall lie, below `folder`, is there as a file."""
    above = list(place.relative_to(folder).parents)[:-1]
    return is_folder(place) or any(
        os.path.lexists(folder / part) and not is_folder(folder / part) for part in above
    )


@contextmanager
def held(folder: Path, *, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Keeps a folder to one command, while others that would hold it wait.

    Args:
        folder: which is there.
        waiting: called where another has it.
    """
    handle = None
    with suppress(OSError):  # a file system without locks
        if flock is not None:
            handle = os.open(folder, os.O_RDONLY)
            try:
                flock(handle, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                if waiting is not None:
                    waiting()
                flock(handle, LOCK_EX)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)
