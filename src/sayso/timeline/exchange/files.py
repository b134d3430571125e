"""One way in and one way out, whatever the format."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from sayso.atomic import put
from sayso.audio import Notice
from sayso.errors import FormatError, InputError, MoveError, RangeError, RequestError, SaysoError
from sayso.timeline.editlist import EditList
from sayso.timeline.exchange.formats import FORMATS, NAMES, EditFormat, check_name, format_of
from sayso.timeline.exchange.media import Find, finder, media_of, named_from
from sayso.timeline.exchange.parsing import parse_bounded
from sayso.timeline.exchange.placing import place
from sayso.timeline.exchange.timecode import PICTURE_HZ
from sayso.timeline.playback import reach
from sayso.timeline.timeline import CROSSFADE_S
from sayso.watch import SILENT, Watch

_LARGEST = 64 << 20


def open_edit(
    path: str | Path,
    *,
    recordings: Sequence[str | Path] = (),
    rate: Fraction | None = None,
    start: str | None = None,
    notice: Notice | None = None,
) -> EditList:
    """The edit in a file, with its recordings found.

    Args:
        path: of any format of `FORMATS`.
        recordings: what it is cut from, in the order of its tracks; else the paths that the file
            names, which are relative to its own folder.
        rate: as for `loads`.
        start: as for `loads`.
        notice: as for `loads`.

    Raises: FormatError, DataError where a recording is not found or does not fit.
    """
    find = finder(Path(path).parent, iter(recordings))
    return read_edit(path, find=find, rate=rate, start=start, notice=notice)


def read_edit(
    path: str | Path,
    *,
    find: Find,
    rate: Fraction | None = None,
    start: str | None = None,
    notice: Notice | None = None,
) -> EditList:
    """The edit in a file; as `loads`. Raises: FormatError where it cannot be read."""
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise FormatError(f"{path.name}: larger than any edit ({_LARGEST >> 20} MiB)")
        content = path.read_bytes()
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror})") from None
    return loads(content, path.name, find=find, rate=rate, start=start, notice=notice)


def loads(
    content: bytes,
    name: str,
    *,
    find: Find,
    rate: Fraction | None = None,
    start: str | None = None,
    notice: Notice | None = None,
    watch: Watch = SILENT,
) -> EditList:
    """The edit that a file called `name` holds; it is parsed in a process of its own.

    Args:
        content: of the file.
        name: whose suffix is one of `FORMATS`.
        find: gives the recording that it is cut from.
        rate: frames a second that it counts, where it does not say, as an EDL.
        start: the time code at which the recording starts, or seconds, where that does not say.
        notice: told what the file says and an edit cannot hold.
        watch: cancelling, polled while it is parsed.

    Raises: FormatError where it is damaged or of another kind, or holds what an edit cannot;
        Cancelled; DataError where a recording is not found, MissingExtraError for OpenTimelineIO.
    """
    form = format_of(name)
    if form is None:
        raise FormatError(f"{name}: expected an edit whose name ends in {NAMES}")
    try:
        edit, notes = place(parse_bounded(content, form.suffix, rate, watch), find, start=start)
    except SaysoError as error:
        # What a value on the desk refuses is here a fault of the file.
        refused = isinstance(error, MoveError | RangeError)
        raise (FormatError if refused else type(error))(f"{name}: {error}") from None
    if notice is not None:
        for note in notes:
            notice(f"{name}: {note}")
    return edit


def write_edit(
    path: str | Path,
    edit: EditList,
    *,
    rate: Fraction | None = None,
    notice: Notice | None = None,
) -> Path:
    """Writes `edit` in the format that the suffix names, and returns the path.

    Recordings with relative paths are named from the folder of `path`.

    Args:
        path: its suffix is one of `FORMATS`.
        edit: what to write.
        rate: frames a second of formats made for pictures; None is that of the recording's own
            picture, or 30.
        notice: told what of the edit the format has no place for.

    Raises: as `check_name` and `dumps`; OutputError for a folder that cannot be written.
    """
    form = check_name(path)
    sources = tuple(named_from(source, Path(path).parent) for source in edit.sources)
    rate = rate or _picture_hz(edit.sources[0]) or PICTURE_HZ
    text = dumps(edit.model_copy(update={"sources": sources}), form.suffix, rate=rate)
    written = put(path, text)
    if notice is not None and (lost := _lost(edit, form)):
        notice(f"{Path(path).name}: {form.name} has no place for {', '.join(lost)}")
    return written


def dumps(edit: EditList, suffix: str, *, rate: Fraction = PICTURE_HZ) -> str:
    """`edit` in the format of a suffix of `FORMATS`, its recordings named as they are.

    Raises: RequestError for what the format cannot hold, MissingExtraError for OpenTimelineIO.
    """
    form = FORMATS[suffix]
    faster = next((n for n, clip in enumerate(edit.timeline.clips, 1) if clip.speed != 1.0), None)
    if faster is not None and "speeds" in form.loses:
        raise RequestError(
            f"clip {faster} plays at {edit.timeline.clips[faster - 1].speed:g} times its speed, "
            f"for which {form.name} has no place here; export .otio, .rpp or .json"
        )
    return form.adapter.dump(edit, suffix, rate)


def _picture_hz(source: str) -> Fraction | None:
    try:
        return media_of(source).picture_hz
    except (InputError, OSError):
        return None


def _lost(edit: EditList, form: EditFormat) -> list[str]:
    """What is in `edit` and not in a file of `form`."""
    timeline = edit.timeline
    joins, usual = range(len(timeline.clips) - 1), round(CROSSFADE_S * timeline.sample_rate)
    held = {
        "gains": any(clip.gain_db for clip in timeline.clips),
        "gaps": bool(edit.new) or any(clip.gap for clip in timeline.clips),
        "crossfades": any(
            reach(timeline, number) and timeline.join(number + 1) != usual for number in joins
        ),
        "fades": bool(timeline.fade_in_frames or timeline.fade_out_frames),
        "speeds": False,
        "tempo": edit.speed != 1.0,
    }
    words = {"gains": "the clips' gains", "gaps": "the gaps", "tempo": "the change of tempo"}
    return [words.get(what, f"the {what}") for what in form.loses if held[what]]
