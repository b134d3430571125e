"""Aliases never collide, stay the same, and suit any file system."""

from __future__ import annotations

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from sayso.batch.aliases import Aliases
from sayso.outputs import file_name, folded, leaves

PART = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12)
PATHS = st.lists(st.lists(PART, min_size=1).map("/".join), unique=True, max_size=12)


def outputs(alias):
    return [file_name("{track}.{ext}", alias, "", "wav"), file_name("{track}/x.wav", alias, "", "")]


@given(PATHS)
def test_outputs_never_meet_and_stay_in_the_folder(paths):
    aliases = Aliases(outputs)
    given_out = [aliases.give(path) for path in paths]
    names = [folded(name) for alias in given_out for name in outputs(alias)]
    assert len(set(names)) == len(names)
    files = set(names)
    for name in names:
        assert not leaves(name)
        assert all(0 < len(part.encode()) <= 255 for part in name.split("/"))
        # No output is the folder of another.
        assert not any(str(folder) in files for folder in PurePosixPath(name).parents)


@given(PATHS)
def test_aliases_given_out_before_are_kept(paths):
    first = Aliases(outputs)
    half = len(paths) // 2
    before = [first.give(path) for path in paths[:half]]
    resumed = Aliases(outputs, taken=before)
    names = {name for path in paths[half:] for name in map(folded, outputs(resumed.give(path)))}
    assert not names & {folded(name) for alias in before for name in outputs(alias)}


def test_names_are_kept_and_numbered_where_they_meet():
    aliases = Aliases(outputs)
    names = ["x.wav", "b/x.wav", "b/X.mp3", "b/x.flac", "..", "é.wav", "e\u0301.wav", "1.5b y.wav"]
    assert [aliases.give(name) for name in names] == [
        "x",
        "b/x",
        "b/X-2",
        "b/x-3",
        "_",
        "é",
        "e\u0301-2",
        "1.5b y",
    ]
    taken = Aliases(outputs, is_free=lambda name: name != "x.wav")
    assert taken.give("x.mp3") == "x-2"
