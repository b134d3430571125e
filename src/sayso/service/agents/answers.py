"""What the tools answer: structured, and described to the agent."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from sayso.described import describe
from sayso.desk import Desk


class Answer(BaseModel):
    """What a tool answers; its schema says what each field is."""

    model_config = ConfigDict(json_schema_extra=describe)


class Stand(Answer):
    """A recording's desk as it stands.

    Attributes:
        recording: its name.
        done: a sentence on what was done; of `say`, what was understood, or a question.
        desk: everything that was asked for so far.
    """

    recording: str
    done: str
    desk: Desk


class Opened(Answer):
    """A recording that moves can be made on.

    Attributes:
        recording: its name, for the other tools.
        duration_s: length in seconds.
        sample_rate: in Hz.
        channels: how many.
        sounds: some that it can be asked for; `models` tells the others.
        formats: that `render` writes.
    """

    recording: str
    duration_s: float
    sample_rate: int
    channels: int
    sounds: list[str]
    formats: list[str]


class Listed(Answer):
    """A recording that is open.

    Attributes:
        recording: its name, for the other tools.
        file: where it lies.
        duration_s: length in seconds.
        changes: how many can be taken back.
        delivers: the tracks that `render` would make.
    """

    recording: str
    file: str
    duration_s: float
    changes: int
    delivers: list[str]


class Information(Answer):
    """What a recording is like, measured as it was opened; no move changes it.

    Attributes:
        recording: its name.
        duration_s: length in seconds.
        sample_rate: in Hz.
        channels: how many.
        loudness_lufs: integrated loudness by BS.1770; None for silence.
        true_peak_dbtp: highest true peak in dBTP; None for silence.
        tempo: in beats a minute, in words, with how sure that is.
        key: in words, with how sure that is.
    """

    recording: str
    duration_s: float
    sample_rate: int
    channels: int
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    tempo: str
    key: str


class Separator(Answer):
    """A model that separates.

    Attributes:
        name: as `sayso mcp -n` takes it.
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


class Written(Answer):
    """A track that was rendered.

    Attributes:
        target: the sound, or "mix".
        file: where it was written.
        duration_s: length in seconds.
        peak: largest sample; 1 is full scale.
        notes: what should be known of it.
    """

    target: str
    file: str
    duration_s: float
    peak: float
    notes: list[str]
