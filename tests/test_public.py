"""What `import sayso` offers: small, complete, and explained."""

from __future__ import annotations

import inspect
import re
from functools import cached_property

import numpy as np
import pytest
from pydantic import BaseModel

import sayso
from sayso import studio

# `sayso.separate` is a room, too, once somebody has imported that.
PUBLIC = {name: getattr(sayso, name) for name in sayso.__all__} | {"separate": studio.separate}


def parameters(function):
    """What a caller can give by name."""
    return [p.name for p in inspect.signature(function).parameters.values() if p.name != "self"]


def explained():
    """(Path, docstring, names that it has to explain) of all that is public, methods included."""
    for name, thing in PUBLIC.items():
        doc = inspect.getdoc(thing) or ""
        if not inspect.isclass(thing):
            yield name, doc, parameters(thing)
        elif issubclass(thing, Exception):
            yield name, doc, []
        else:
            data = issubclass(thing, BaseModel)
            yield name, doc, thing.model_fields if data else parameters(thing)
            for method, member in vars(thing).items():
                function = getattr(member, "__func__", member)
                if method[0] == "_" or not (inspect.isfunction(function) or is_made(function)):
                    continue
                asked = parameters(function) if inspect.isfunction(function) else []
                asked = [a for a in asked if a != "cls"]
                yield f"{name}.{method}", inspect.getdoc(function) or "", asked


def is_made(member):
    return isinstance(member, property | cached_property)


@pytest.mark.parametrize(("name", "doc", "asked"), [*explained()])
def test_every_public_name_says_what_it_is_and_what_it_takes(name, doc, asked):
    assert doc and name.split(".")[0] in dir(sayso)
    missing = [a for a in asked if not re.search(rf"\b{a}\b", doc)]
    assert not missing, f"{name} does not explain {missing}"


def test_what_fails_and_how_sound_is_stored_is_told():
    for name, thing in PUBLIC.items():
        if inspect.isfunction(thing):
            assert "Raises:" in inspect.getdoc(thing), name
    assert "[C, T]" in sayso.Audio.__doc__ and "Hz" in sayso.Audio.__doc__
    for doc in (sayso.Audio.from_numpy.__doc__, sayso.Audio.to_numpy.__doc__):
        assert "`[C, T]`" in doc and "`[T, C]`" in doc
    assert "dBFS" in sayso.Track.peak_db.__doc__ and "LUFS" in sayso.Cleaning.__doc__
    assert "seconds" in sayso.Audio.duration_s.__doc__
    # A name that is wrong is refused as Python does, and nothing hides behind the list.
    with pytest.raises(AttributeError, match="no attribute"):
        _ = sayso.Sesion


def test_separating_remixing_cleaning_and_editing_take_no_other_import(demo, tmp_path):
    song = sayso.write(tmp_path / "song.wav", demo["mix"].slice(0, 44_100), encoding="float32")
    models = sayso.Models("simple")
    parts = sayso.render(song, sayso.Desk(deliver=("vocals", "no vocals")), models=models)
    assert sorted(path.name for path in parts.write(tmp_path / "parts").values()) == [
        "no_vocals.wav",
        "vocals.wav",
    ]
    session = sayso.Studio(models).open(song)
    session.say("take the vocals out")
    session.do([{"do": "edit", "steps": [{"step": "cut", "end_s": 0.25}]}])
    assert session.render().tracks["mix"].audio.frames == 33_075
    session.undo()
    assert session.desk.strip("vocals").mute and not session.desk.edits
    cleaned = sayso.render(sayso.read(song), sayso.Desk(clean=sayso.Cleaning()), models=models)
    assert np.isfinite(cleaned.tracks["mix"].audio.samples).all()
    with pytest.raises(sayso.SaysoError, match="at most 24"):
        session.do([{"do": "adjust", "target": "mix", "effects": [{"effect": "gain", "db": 99}]}])
