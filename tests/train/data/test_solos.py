"""Solos: one instrument at a time, by itself and with the rest of its family."""

from pathlib import Path

import numpy as np
import pytest
from tests.train.data.test_midi import sine_synthesiser, tune

from sayso.errors import DataError
from sayso.train.data import solos
from sayso.train.data.prevalence import ALIKE
from sayso.train.data.recipes import akin
from sayso.train.data.solos import SINGING, SolosConfig, instruments, line_at, render_solos
from sayso.train.data.store import Store
from sayso.train.data.vocabulary import load_vocabulary

words = load_vocabulary()


@pytest.mark.parametrize("concept", ["violin", "tuba", "piano"])
def test_a_line_lies_in_the_instruments_range(concept: str, tmp_path: Path) -> None:
    piece = tune(tmp_path / "a.mid", [30], pitch=48)
    for seed in range(6):
        notes = line_at(concept, [piece], np.random.default_rng(seed), 10.0)
        middle = np.median([note.pitch for note in notes])
        assert abs(middle - solos.CENTRES.get(concept, 60.0)) <= 14
        assert all(note.end_s > note.start_s for note in notes)


def test_what_breathes_plays_one_note_at_a_time() -> None:
    assert "flute" in SINGING
    for seed in range(6):
        notes = line_at("flute", [], np.random.default_rng(seed), 10.0)
        starts = [note.start_s for note in notes]
        assert starts == sorted(set(starts))


def test_every_instrument_gets_its_solos_once(
    tmp_path: Path, store_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solos, "synthesise", sine_synthesiser)
    monkeypatch.setattr(solos, "check_renderer", lambda fonts: None)
    tune(tmp_path / "midi" / "freedoom" / "a.mid", [30, 0])
    root = tmp_path / "store"
    for path in store_root.rglob("*"):
        if path.is_file():
            copy = root / path.relative_to(store_root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    config = SolosConfig(soundfonts=(Path("font.sf2"),), takes=1, sampled=0, take_s=3.0)
    report = render_solos(tmp_path / "midi", root, config=config)
    assert report.stored == len(instruments(words)) and not report.skipped
    made = [s for s in Store(root, words).segments if s.pool == "solos"]
    assert {s.text for s in made} == {f"={name}" for name in instruments(words)}
    assert all(s.split == "train" and s.licence for s in made)
    again = render_solos(tmp_path / "midi", root, config=config)
    assert (again.stored, again.already) == (0, report.stored)


def test_without_a_program_there_is_no_solo() -> None:
    with pytest.raises(DataError, match="rain: no General MIDI program plays it"):
        solos.solo_of("rain", [], Path("font.sf2"), np.random.default_rng(0))


def test_hard_pairs_are_of_one_family_or_named() -> None:
    assert akin("violin", "cello", words) and akin("trumpet", "saxophone", words)
    assert not akin("violin", "drums", words) and not akin("tuba", "piano", words)
    assert {name for pair in ALIKE for name in pair} <= set(words.concepts)
