"""The page on Python, run as it stands, and `sayso.separate` on what people have in hand."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from tests.test_readme import ROOT, blocks

import sayso

PAGE = ROOT / "docs" / "python.md"


def test_the_page_runs_as_it_stands(tmp_path, monkeypatch, demo):
    monkeypatch.chdir(tmp_path)
    sayso.write("song.wav", demo["mix"].slice(0, 66_150))
    names = {}
    for heading, code in blocks(PAGE, "python").items():
        exec(compile("\n".join(code), f"{PAGE.name}: {heading}", "exec"), names)
    assert (tmp_path / "stems" / "song" / "drums.wav").is_file()
    assert (tmp_path / "out" / "song" / "mix.wav").is_file()


def test_the_page_names_all_that_is_public():
    page = PAGE.read_text()
    assert [name for name in sayso.__all__ if f"`{name}" not in page] == []


@pytest.fixture(scope="module")
def song(demo):
    return demo["mix"].slice(0, 22_050)


@pytest.mark.parametrize("shape", ["soundfile", "librosa", "int16"])
def test_arrays_are_separated_in_whatever_way_they_come(song, shape):
    arrays = {
        "soundfile": song.to_numpy(channels_last=True).astype(np.float64),
        "librosa": song.to_numpy(),
        "int16": np.round(song.to_numpy(channels_last=True) * 32767).astype(np.int16),
    }
    stems = sayso.separate(arrays[shape], song.sample_rate, ["vocals"], models="simple")
    wanted = sayso.separate(song, targets="vocals", models="simple")
    assert list(stems) == ["vocals"] == list(wanted)
    tolerance = 1e-3 if shape == "int16" else 0
    assert np.allclose(stems["vocals"], wanted["vocals"], atol=tolerance)


def test_a_mono_array_stays_mono_and_the_residual_adds_up(song):
    mono = song.samples[0]
    pair = sayso.separate(mono, song.sample_rate, two_stems="drums", models="simple")
    assert list(pair) == ["drums", "no drums"]
    total = np.asarray(pair["drums"]) + np.asarray(pair["no drums"])
    assert total.shape == (1, len(mono)) and np.allclose(total[0], mono, atol=1e-6)


def test_nothing_named_is_every_stem(song):
    stems = sayso.separate(song, models="simple")
    assert set(stems) == {"vocals", "drums", "bass", "other"}


def test_a_rate_is_asked_for_where_it_is_missing_and_refused_where_it_is_not(song):
    with pytest.raises(sayso.SaysoError, match="sample rate"):
        sayso.separate(song.samples, targets="vocals")
    with pytest.raises(sayso.SaysoError, match="its own"):
        sayso.separate(song, 44_100, "vocals")


def test_one_string_is_one_target():
    assert sayso.Desk(deliver="vocals").deliver == ("vocals",)
    (move,) = sayso.parse_moves([{"do": "remove", "targets": "vocals"}])
    assert move.targets == ("vocals",)


@pytest.mark.parametrize("first", ["import sayso", "from sayso.separate import Models, load"])
def test_the_room_and_the_function_of_one_name_are_both_there(first):
    code = f"""
{first}
import sayso, numpy as np
before = sayso.separate
stems = sayso.separate(np.zeros((2, 9000)), 9000, "vocals", models="simple")
from sayso.separate import Models
import sayso.separate.cache
again = sayso.separate(np.zeros((2, 9000)), 9000, "vocals", models="simple")
print(list(stems), list(again), Models.__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['vocals'] ['vocals'] Models\n"


def test_a_result_shows_players(song):
    page = sayso.separate(song, targets="vocals", models="simple")._repr_html_()
    assert page.count("<audio") == 1 and "vocals: 0.5 s" in page
