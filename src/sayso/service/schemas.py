"""What the API takes and gives: the models of its JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from sayso.audio.formats import FORMATS, SNDFILE_SUBTYPES
from sayso.desk import Desk, Extract, Move, Reset, Set, Strip, Target, move_to
from sayso.desk.effect import Db
from sayso.desk.effects import Effect
from sayso.desk.moves import MOST_EFFECTS
from sayso.jobs import JobState
from sayso.value import Text

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


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """An error, as RFC 9457 writes it.

    `type` ends in the class of `sayso.errors`; `detail` says what arrived, what was expected and
    what to do.
    """

    type: str
    title: str
    status: int
    detail: str
    request_id: str = ""


class Source(BaseModel):
    """The recording of a session, decoded; `url` takes `format` and byte ranges."""

    sample_rate: int
    channels: int
    frames: int
    duration_s: float
    notes: list[str]
    url: str
    peaks_url: str


class Track(BaseModel):
    """One rendered track.

    `peak` is its largest sample, 1 being full scale; `made_by` is the model that took the sound
    out, "the rest" where it is what the others left, null for a mix; `url` takes `format` and byte
    ranges.
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


class Opening(BaseModel):
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


class RenderState(BaseModel):
    """A render job, and its tracks once it is done. `error` says why it failed.

    `opening` is there while the untouched stems of a long recording are being separated.
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


class DeskState(BaseModel):
    """A desk as it stands; `version` grows with every change."""

    version: int
    desk: Desk
    can_undo: bool
    can_redo: bool


class SessionState(DeskState):
    """A session: a recording, its desk, and what was rendered, the latest first."""

    id: str
    name: str
    created_s: float
    touched_s: float
    source: Source
    renders: list[RenderState]


class SessionSummary(BaseModel):
    """One line of the list of sessions."""

    id: str
    name: str
    created_s: float
    touched_s: float
    duration_s: float


class Said(BaseModel):
    """One message, or one change by hand (`text` is empty then), and what came of it."""

    id: int
    created_s: float
    text: str
    reply: str
    moves: list[Move]
    desk: Desk
    interpreter: str
    render_id: str | None


class Answer(DeskState):
    """What a change led to: a sentence, the moves, the desk after them, and the render."""

    message_id: int
    reply: str
    moves: list[Move]
    interpreter: str
    render: RenderState | None


class Opened(BaseModel):
    """What a one-shot request began: the session, and the answer with its render."""

    session: SessionState
    answer: Answer


class Say(_Request):
    """Words, and whether what they lead to is rendered at once."""

    text: Annotated[Text, Field(max_length=20_000)]
    render: bool = True


class Do(_Request):
    """Moves, applied as one turn."""

    moves: Annotated[list[Move], Field(min_length=1, max_length=256)]
    render: bool = False


class StripPatch(_Request):
    """Controls of a strip; those that are left out stay. `effects` replaces the chain.

    One without any gives the sound a strip, so that it is not part of "rest".
    """

    gain_db: Db | None = None
    mute: bool | None = None
    solo: bool | None = None
    effects: Annotated[list[Effect], Field(max_length=MOST_EFFECTS)] | None = None


class DeskPatch(_Request):
    """Changes by hand, made as one turn: strips (null puts one back) and what to deliver."""

    strips: Annotated[dict[Target, StripPatch | None], Field(max_length=64)] = {}
    deliver: Annotated[list[Target], Field(min_length=1, max_length=32)] | None = None
    render: bool = False

    def moves(self, desk: Desk) -> list[Move]:
        """The moves that carry this out on `desk`. Raises: RangeError, MoveError."""
        moves: list[Move] = []
        for target, change in self.strips.items():
            if change is None:
                if target in desk.strips:
                    moves.append(Reset(target=target))
                continue
            old = desk.strip(target)
            given = {name: getattr(change, name) for name in change.model_fields_set}
            strip = Strip(**{**dict(old), **{k: v for k, v in given.items() if v is not None}})
            if strip != old:
                moves.append(move_to(desk, target, strip))
            elif not given and target not in desk.strips:
                moves.append(Set(target=target))
        if self.deliver is not None and tuple(self.deliver) != desk.deliver:
            moves.append(Extract(targets=tuple(self.deliver)))
        return moves


class RenderRequest(_Request):
    """What to render: the desk as it stands, another `desk`, or `targets` as untouched stems.

    Another desk is how a player hears what the session's does not deliver.
    """

    targets: Annotated[list[Target], Field(min_length=1, max_length=32)] | None = None
    desk: Desk | None = None

    @model_validator(mode="after")
    def _is_one(self) -> RenderRequest:
        if self.targets is not None and self.desk is not None:
            raise ValueError("both targets and a desk arrived; expected one of them, or neither")
        return self

    def wanted(self) -> Desk | None:
        """The desk to render; None for that of the session."""
        if self.targets is None:
            return self.desk
        return Desk(deliver=tuple(dict.fromkeys(self.targets)))


class Rename(_Request):
    """What a session is to be called; characters that no file name can hold are left out."""

    name: Annotated[Text, Field(min_length=1, max_length=200)]


class Peaks(BaseModel):
    """The outline of a waveform: for each channel and bucket the lowest and highest sample.

    `frames` is the length of what was outlined.
    """

    sample_rate: int
    frames: int
    peaks: list[list[tuple[float, float]]]


class Model(BaseModel):
    """A separator; `hears` are the sounds that it can be asked for, or a few of them."""

    name: str
    hears: list[str]
    quality: str
    cost: str
    licence: str
    installed: bool


class About(BaseModel):
    """What this service is and takes.

    `stems` make up any music; `effects` gives the range of each number of each effect; `knobs` are
    what a page shows of them, in order (see `sayso.desk.knobs`); `limits` are those of
    `sayso.service.Limits`.
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


class Usage(BaseModel):
    """What the asker's sessions take of the disk, and may take."""

    bytes: int
    most_bytes: int


class Health(BaseModel):
    """Whether the parts answer."""

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
