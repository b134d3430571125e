"""An example of everything that the OpenAPI document describes: a song, and what is done to it."""

from __future__ import annotations

from typing import Any

from sayso import __version__
from sayso.desk import EFFECTS, Cleaning, Desk, Strip, field_range
from sayso.desk.cleaning import (
    SPEECH_ONLY,
    Denoise,
    First,
    Hearing,
    PauseGate,
    PostMask,
    TargetLoudness,
)
from sayso.desk.effects import numbers_of
from sayso.desk.showing import knobs_shown
from sayso.desk.spans import During, Moment
from sayso.service.settings import Limits

_SESSION, _RENDER = "4f9c1d2e8a7b4c3d9e0f1a2b3c4d5e6f", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
_AT, _THEN_S = f"/sessions/{_SESSION}", 1_764_547_200.0
_SOUND = {"sample_rate": 44_100, "channels": 2, "frames": 9_261_000, "duration_s": 210.0}
_SPAN = During(start_s=10, end_s=20, fade_in_s=0.5, said=Moment()).model_dump(mode="json")
_DESK = Desk(strips={"vocals": Strip(mute=True)}).model_dump(mode="json")
_MOVE = {"do": "remove", "targets": ["vocals"]}
_GAIN = {"effect": "gain", "db": 3.0}
_SPANS = [{"start_s": 12.5, "end_s": 20.0}, {"start_s": 0.0, "end_s": 8.0, "gap_s": 0.5}]
_STATE = {"version": 1, "desk": _DESK, "can_undo": True, "can_redo": False}
_TURN = {"reply": "Taking the vocals out.", "moves": [_MOVE], "interpreter": "offline"}
_PROBLEM = {
    "type": "urn:sayso:range-error",
    "title": "A number lies outside of its range",
    "status": 422,
    "detail": "effects.0.gain.db: 99 is out of range; expected at most 24",
    "request_id": "5b8a1f0c9d2e4a67",
}
_TRACK: dict[str, Any] = {
    "target": "mix",
    **_SOUND,
    "peak": 0.91,
    "notes": [],
    "made_by": None,
    "url": f"{_AT}/renders/{_RENDER}/tracks/0",
    "peaks_url": f"{_AT}/renders/{_RENDER}/tracks/0/peaks",
}
_OPENING = {
    "target": "vocals",
    "sample_rate": 44_100,
    "channels": 2,
    "frames": 529_200,
    "url": f"{_AT}/renders/{_RENDER}/opening/0",
}
_STATE_OF_RENDER = {
    "id": _RENDER,
    "session_id": _SESSION,
    "state": "done",
    "progress": 1.0,
    "created_s": _THEN_S,
    "desk": _DESK,
    "tracks": [_TRACK],
    "opening": [],
    "error": None,
    "url": f"{_AT}/renders/{_RENDER}",
    "events_url": f"{_AT}/renders/{_RENDER}/events",
    "archive_url": f"{_AT}/renders/{_RENDER}/archive",
}
_SOURCE = {**_SOUND, "notes": [], "url": f"{_AT}/source", "peaks_url": f"{_AT}/source/peaks"}
_SUMMARY = {"id": _SESSION, "name": "song", "created_s": _THEN_S, "touched_s": _THEN_S + 60}
_WHOLE = {**_SUMMARY, **_STATE, "source": _SOURCE, "renders": [_STATE_OF_RENDER]}
_ANSWER = {**_STATE, "message_id": 12, **_TURN, "render": _STATE_OF_RENDER}

_HEARING = Hearing(
    model="htdemucs",
    instead="embedded",
    after=First(model="htdemucs"),
    segment_s=7.8,
    overlap=0.25,
)
_CLEANING = SPEECH_ONLY.model_copy(
    update={"denoise": Denoise(), "postmask": PostMask(), "loudness": TargetLoudness()}
)
_FIELDS: dict[str, dict[str, Any]] = {
    "reverb": {"amount": 0.3},
    "balance": {"position": -0.5},
    "chorus": {"amount": 0.4},
    "distort": {"amount": 0.2},
    "pan": {"position": -0.5},
    "width": {"amount": 1.4},
    "gain": {"db": -6.0},
    "pitch": {"semitones": 2.0},
    "compress": {"amount": "medium"},
    "eq": {"frequency_hz": 3000.0, "gain_db": -4.0},
    "filter": {"type": "bandpass", "low_hz": 300.0, "high_hz": 3400.0, "cutoff_hz": None},
    "duck": {"under": "speech"},
    "stretch": {"rate": 0.9},
    "loudness": {"lufs": -16.0},
    "sample_rate": {"hz": 48_000},
    "dehum": {"mains_hz": 50},
    "fade": {"in_s": 2.0, "out_s": 5.0},
}
"""Of effects whose numbers have no usual value."""


def _effect(name: str) -> dict[str, Any]:
    cls = EFFECTS[name]
    span = _SPAN if cls.in_part else None
    made = cls.model_validate({"span": span, **_FIELDS.get(name, {})})
    return made.model_dump(mode="json")


def _effects() -> dict[str, dict[str, Any]]:
    return {cls.__name__: _effect(name) for name, cls in EFFECTS.items()}


_STEPS: dict[str, dict[str, Any]] = {
    "Keep": {"step": "keep", "start_s": 12.0, "end_s": 75.5},
    "Cut": {"step": "cut", "start_s": 0.0, "end_s": 4.5},
    "CutTail": {"step": "cut_tail", "seconds": 10.0},
    "KeepTail": {"step": "keep_tail", "seconds": 30.0},
    "Loop": {"step": "loop", "start_s": 8.0, "end_s": 16.0, "times": 4},
    "MoveSpan": {"step": "move", "start_s": 60.0, "end_s": 75.0, "to_s": 0.0},
    "ShortenTo": {"step": "shorten_to", "seconds": 90.0},
    "RemoveSilence": {"step": "remove_silence", "longest_s": 0.3},
    "KeepBest": {"step": "keep_best"},
    "LoopChorus": {"step": "loop_chorus", "times": 2},
    "Like": {"step": "like", "example": "anna"},
    "Arrange": {
        "step": "arrange",
        "spans": _SPANS,
        "crossfade_s": 0.02,
        "fade_in_s": 0.0,
        "fade_out_s": 2.0,
    },
    "Span": {
        "start_s": 12.5,
        "end_s": 20.0,
        "gain_db": -3.0,
        "speed": 1.0,
        "gap_s": 0.5,
        "crossfade_s": 0.1,
    },
}
_MOVES: dict[str, dict[str, Any]] = {
    "Extract": {"do": "extract", "targets": ["vocals", "no vocals"]},
    "Remove": _MOVE,
    "Adjust": {"do": "adjust", "target": "drums", "relative": True, "effects": [_GAIN]},
    "Set": {
        "do": "set",
        "target": "bass",
        "gain_db": -3.0,
        "mute": False,
        "solo": False,
        "effects": [{"effect": "compress", "amount": "low"}],
    },
    "Clean": {
        "do": "clean",
        "cleaning": {"denoise": {"wet": 0.8}, "gate": {"range_db": -12.0}},
        "strength": 0.7,
    },
    "Edit": {"do": "edit", "steps": [_STEPS["Cut"]]},
    "Undo": {"do": "undo"},
    "Reset": {"do": "reset", "target": "vocals"},
    "Reply": {
        "do": "reply",
        "reason": "unsupported",
        "text": "I cannot hear a harp in this recording.",
        "suggestions": ["make the vocals louder"],
    },
}
_STRIP = Strip(gain_db=-3.0, effects=(EFFECTS["reverb"].model_validate({"amount": 0.3}),))
_OF_DESK: dict[str, dict[str, Any]] = {
    "Desk": {**_DESK, "edits": [_STEPS["Cut"]], "clean": Cleaning().model_dump(mode="json")},
    "Strip": _STRIP.model_dump(mode="json"),
    "During": _SPAN,
    "Moment": {"edits": 0, "tempo": 1.0},
    "Cleaning": _CLEANING.model_dump(mode="json"),
    "Preprocess": {
        "sample_rate": 48_000,
        "channels": "mono",
        "remove_dc": True,
        "highpass_hz": 80.0,
        "level_lufs": -23.0,
    },
    "First": {"model": "htdemucs", "target": "vocals"},
    "Hearing": _HEARING.model_dump(mode="json"),
    "Denoise": {"model": "dns64", "instead": "deepfilternet3", "wet": 0.8, "floor_db": -12.0},
    "PauseGate": PauseGate().model_dump(mode="json"),
    "PostMask": PostMask().model_dump(mode="json"),
    "TargetLoudness": TargetLoudness(lufs=-16).model_dump(mode="json"),
}
for _field in ("restore", "separation"):
    _stage = getattr(SPEECH_ONLY, _field)
    _OF_DESK[type(_stage).__name__] = _stage.model_dump(mode="json")
_OF_DESK["Fusion"] = _OF_DESK["Separation"]["fusion"]
_SENT: dict[str, dict[str, Any]] = {
    "Say": {"text": "remove the vocals and make the drums 3 dB louder", "render": True},
    "Do": {"moves": [_MOVE], "render": False},
    "StripPatch": {
        "gain_db": -3.0,
        "mute": False,
        "solo": False,
        "effects": [{"effect": "reverb", "amount": 0.3}],
    },
    "DeskPatch": {"strips": {"bass": {"gain_db": -3.0}}, "deliver": ["mix"], "render": False},
    "RenderRequest": {"targets": ["vocals", "drums"], "desk": None},
    "Rename": {"name": "song, take 2"},
    "Login": {"token": "sayso_..."},
    "Choice": {"by": "level", "keep": 0.4, "shortest_s": 2.0, "crossfade_s": 0.02},
}
_FORMAT = {"format": "otio", "name": "OpenTimelineIO", "exact": "to the sample"}
_GIVEN: dict[str, dict[str, Any]] = {
    "Problem": _PROBLEM,
    "Source": _SOURCE,
    "Track": _TRACK,
    "RenderState": _STATE_OF_RENDER,
    "Opening": _OPENING,
    "DeskState": _STATE,
    "SessionState": _WHOLE,
    "SessionSummary": {**_SUMMARY, "duration_s": 210.0},
    "Said": {
        "id": 12,
        "created_s": _THEN_S,
        "text": "remove the vocals",
        **_TURN,
        "desk": _DESK,
        "render_id": _RENDER,
    },
    "Answer": _ANSWER,
    "Opened": {"session": _WHOLE, "answer": _ANSWER},
    "Peaks": {"sample_rate": 44_100, "frames": 9_261_000, "peaks": [[[-0.5, 0.52], [-0.1, 0.09]]]},
    "Model": {
        "name": "embedded",
        "hears": ["vocals", "drums", "bass", "other"],
        "quality": "good",
        "cost": "a quarter of the length",
        "licence": "GPL-3.0-or-later",
        "installed": True,
    },
    "About": {
        "version": __version__,
        "model": "embedded",
        "stems": ["vocals", "drums", "bass", "other"],
        "interpreter": "offline",
        "tokens": False,
        "formats": {"wav": ["pcm24", "pcm16", "float32"], "opus": ["lossy"]},
        "effects": {"gain": {f: list(field_range("gain", f)) for f in numbers_of("gain")}},
        "knobs": knobs_shown()[:1],
        "limits": Limits().model_dump(),
    },
    "Usage": {"bytes": 74_088_044, "most_bytes": 64 << 30},
    "Health": {"status": "ok", "database": "ok", "jobs": {"done": 3, "running": 1}},
    "CutFormat": _FORMAT,
    "Cuts": {
        "spans": _SPANS,
        "crossfade_s": 0.02,
        "fade_in_s": 0.0,
        "fade_out_s": 0.0,
        "duration_s": 16.0,
        "scorers": ["level", "centred"],
        "notes": [],
        "formats": [_FORMAT],
    },
}
EXAMPLES: dict[str, dict[str, Any]] = _effects() | _STEPS | _MOVES | _OF_DESK | _SENT | _GIVEN
"""By the name of the schema."""
