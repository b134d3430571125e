"""What the API gives: the models of its JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, WithJsonSchema

from sayso.audio.formats import FORMATS, SNDFILE_SUBTYPES
from sayso.described import describe
from sayso.desk import Desk, Move
from sayso.jobs import JobState

_NAME_LENGTH = 100
_ENCODINGS = tuple(name for name in SNDFILE_SUBTYPES if name != "lossy")


def _one_of(names: Iterable[str]) -> tuple[AfterValidator, WithJsonSchema]:
    known = list(names)

    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f"expected one of {', '.join(known)}")
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "enum": known})


Format = Annotated[str, *_one_of(FORMATS)]
Encoding = Annotated[str, *_one_of(_ENCODINGS)]


class Shape(BaseModel):
    """What the API gives; its schema says what each field is."""

    model_config = ConfigDict(json_schema_extra=describe)


class Problem(Shape):
    """An error, as RFC 9457 writes it.

    Attributes:
        type: ends in the class of `sayso.errors`, such as `urn:sayso:not-found-error`; else
            `about:blank`.
        title: what kind of error it is, in words.
        status: the status of the answer; of a render that failed, the one that it would have had.
        detail: what arrived, what was expected, and what to do.
        request_id: what the log of the service knows the request by; also in `X-Request-ID`.
    """

    type: str
    title: str
    status: int
    detail: str
    request_id: str = ""


class Source(Shape):
    """The recording of a session, decoded.

    Attributes:
        sample_rate: in Hz.
        channels: how many.
        frames: its length, in samples of each channel.
        duration_s: its length in seconds.
        notes: what should be known of it, in sentences.
        url: where it is; takes `format`, `bitrate` and byte ranges.
        peaks_url: where its outline is.
    """

    sample_rate: int
    channels: int
    frames: int
    duration_s: float
    notes: list[str]
    url: str
    peaks_url: str


class Track(Shape):
    """One rendered track.

    Attributes:
        target: the sound, "no SOUND" for the rest, or "mix" for the remix.
        sample_rate: in Hz.
        channels: how many.
        frames: its length, in samples of each channel.
        duration_s: its length in seconds.
        peak: its largest sample; 1 is full scale.
        notes: what should be known of it, in sentences.
        made_by: the model that took the sound out; "the rest" where it is what the others left,
            None for a mix.
        url: where it is; takes `format`, `bitrate` and byte ranges.
        peaks_url: where its outline is.
    """

    target: str
    sample_rate: int
    channels: int
    frames: int
    duration_s: float
    peak: float
    notes: list[str]
    made_by: str | None = None
    url: str
    peaks_url: str


class Opening(Shape):
    """The first seconds of a stem, to be heard while the rest is separated.

    Attributes:
        target: the sound.
        sample_rate: in Hz.
        channels: how many.
        frames: its length.
        url: with `/segment` behind it, where its sound is.
    """

    target: str
    sample_rate: int
    channels: int
    frames: int
    url: str


class RenderState(Shape):
    """A render job, and its tracks once it is done.

    Attributes:
        id: 32 hexadecimal digits.
        session_id: the session that it belongs to.
        state: "queued" and "running", then "done", "failed" or "cancelled" for good.
        progress: the share that is done, 0 to 1.
        created_s: when it was asked for, in seconds since 1970.
        desk: what is rendered.
        tracks: what came of it; empty until it is done.
        opening: the beginnings of untouched stems of a long recording, while it is separated.
        error: why it failed; None unless it did.
        url: where this is.
        events_url: where its progress is streamed.
        archive_url: where all its tracks are, as a zip.
    """

    id: str
    session_id: str
    state: JobState
    progress: float
    created_s: float
    desk: Desk
    tracks: list[Track] = []
    opening: list[Opening] = []
    error: Problem | None = None
    url: str
    events_url: str
    archive_url: str


class DeskState(Shape):
    """A desk as it stands.

    Attributes:
        version: grows with every change.
        desk: everything that was asked for.
        can_undo: whether a turn can be taken back.
        can_redo: whether one that was taken back can be brought back.
    """

    version: int
    desk: Desk
    can_undo: bool
    can_redo: bool


class SessionState(DeskState):
    """A session: a recording, its desk, and what was rendered.

    Attributes:
        id: 32 hexadecimal digits.
        name: under which its files are downloaded.
        created_s: when it was opened, in seconds since 1970.
        touched_s: when it was last changed, in seconds since 1970.
        source: the recording.
        renders: what was rendered, the latest first.
    """

    id: str
    name: str
    created_s: float
    touched_s: float
    source: Source
    renders: list[RenderState]


class SessionSummary(Shape):
    """One line of the list of sessions.

    Attributes:
        id: 32 hexadecimal digits.
        name: under which its files are downloaded.
        created_s: when it was opened, in seconds since 1970.
        touched_s: when it was last changed, in seconds since 1970.
        duration_s: length of its recording in seconds.
    """

    id: str
    name: str
    created_s: float
    touched_s: float
    duration_s: float


class Said(Shape):
    """One message, or one change by hand, and what came of it.

    Attributes:
        id: grows with every message; `after` takes it.
        created_s: when, in seconds since 1970.
        text: what was said; empty for a change by hand.
        reply: the answer, a sentence.
        moves: what was understood, or done.
        desk: the desk after it.
        interpreter: who understood: "offline", or a language model; empty for a change by hand.
        render_id: the render that it led to, if any.
    """

    id: int
    created_s: float
    text: str
    reply: str
    moves: list[Move]
    desk: Desk
    interpreter: str
    render_id: str | None


class Answer(DeskState):
    """What a change led to.

    Attributes:
        message_id: its number among the messages of the session.
        reply: a sentence that says what was done, or why nothing was.
        moves: what was understood, or done.
        interpreter: who understood: "offline", or a language model; empty for a change by hand.
        render: the render of it; None where nothing changed, or none was asked for.
    """

    message_id: int
    reply: str
    moves: list[Move]
    interpreter: str
    render: RenderState | None


class Opened(Shape):
    """What a one-shot request began.

    Attributes:
        session: the session.
        answer: what was understood, with its render.
    """

    session: SessionState
    answer: Answer


class Peaks(Shape):
    """The outline of a waveform.

    Attributes:
        sample_rate: in Hz.
        frames: length of what was outlined, in samples of each channel.
        peaks: for each channel and bucket the lowest and the highest sample.
    """

    sample_rate: int
    frames: int
    peaks: list[list[tuple[float, float]]]


class Model(Shape):
    """A separator.

    Attributes:
        name: as `sayso serve -n` takes it.
        hears: the sounds that it can be asked for, or a few of them.
        quality: how good it is, in words.
        cost: how long it takes, in words.
        licence: what it may be used for.
        installed: whether it can be used here.
    """

    name: str
    hears: list[str]
    quality: str
    cost: str
    licence: str
    installed: bool


class About(Shape):
    """What this service is and takes.

    Attributes:
        version: of Sayso.
        model: the separator.
        stems: sounds that make up any music.
        interpreter: who reads messages: "offline", or a language model.
        tokens: whether requests must carry a token.
        formats: of files that can be fetched, each with its encodings.
        effects: the range of each number of each effect.
        knobs: what a page shows of the effects, in order (see `sayso.desk.knobs`).
        limits: how much may be asked for (see docs/service.md).
    """

    version: str
    model: str
    stems: list[str]
    interpreter: str
    tokens: bool
    formats: dict[str, list[str]]
    effects: dict[str, dict[str, tuple[float, float]]]
    knobs: list[dict[str, Any]]
    limits: dict[str, Any]


class Usage(Shape):
    """What the asker's sessions take of the disk, and may take.

    Attributes:
        bytes: taken.
        most_bytes: the most that may be taken.
    """

    bytes: int
    most_bytes: int


class Health(Shape):
    """Whether the parts answer.

    Attributes:
        status: of the whole.
        database: of the database.
        jobs: how many renders there are in each state.
    """

    status: Literal["ok"]
    database: Literal["ok"]
    jobs: dict[str, int]


def shown_name(name: str) -> str:
    r"""A file's name as it is shown: its stem, of harmless characters.

    >>> shown_name("../../etc/My Song (live).mp3"), shown_name("\x00.wav")
    ('My Song (live)', 'recording')
    """
    stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or name
    return shown_text(stem)


def shown_text(name: str) -> str:
    """A name of harmless characters, as it may stand in a file's.

    >>> shown_text("Mix 1.2: final?")
    'Mix 1.2 final'
    """
    kept = "".join(c for c in name if c.isprintable() and c not in '<>:"/\\|?*').strip(" .")
    return kept[:_NAME_LENGTH] or "recording"
