"""What `import sayso` offers: small, complete, and explained."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import sayso


@pytest.mark.parametrize("name", sayso.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name):
    thing = getattr(sayso, name)
    assert inspect.getdoc(thing), name
    assert name in dir(sayso)


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
