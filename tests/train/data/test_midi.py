from __future__ import annotations

from pathlib import Path

import numpy as np
import pretty_midi
import pytest

from sayso.errors import DataError
from sayso.train.data import lines, midi
from sayso.train.data.lines import LinesConfig, Sampler, pitch_in_name, play, render_lines
from sayso.train.data.melody import Note
from sayso.train.data.midi import MidiConfig, render_midi, window
from sayso.train.data.store import PartWriter, Segment, Store
from sayso.train.data.vocabulary import load_vocabulary

RATE = 44_100
words = load_vocabulary()


def tune(path: Path, programs: list[int], *, pitch: int = 48, notes: int = 20) -> Path:
    piece = pretty_midi.PrettyMIDI()
    for number, program in enumerate(programs):
        part = pretty_midi.Instrument(max(program, 0), is_drum=program < 0)
        for step in range(notes):
            high = (36, 38, 42)[step % 3] if program < 0 else pitch + 12 * number + step % 5
            part.notes.append(pretty_midi.Note(90, high, 0.25 * step, 0.25 * step + 0.2))
        piece.instruments.append(part)
    path.parent.mkdir(parents=True, exist_ok=True)
    piece.write(str(path))
    return path


def sine_synthesiser(piece: pretty_midi.PrettyMIDI, *_: object, **__: object) -> np.ndarray:
    """In place of fluidsynth, whose work is not ours to test: a sine a note."""
    out = np.zeros((2, int((piece.get_end_time() + 0.2) * RATE)), np.float32)
    for instrument in piece.instruments:
        for note in instrument.notes:
            t = np.arange(int((note.end - note.start) * RATE)) / RATE
            hz = 440 * 2 ** ((note.pitch - 69) / 12)
            at = int(note.start * RATE)
            out[:, at : at + len(t)] += 0.1 * np.sin(2 * np.pi * hz * t).astype(np.float32)
    return out


@pytest.fixture
def midi_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(midi, "synthesise", sine_synthesiser)
    monkeypatch.setattr(midi, "check_renderer", lambda fonts: None)
    root = tmp_path / "midi"
    tune(root / "freedoom" / "a.mid", [33, 30, 52, -1])
    (root / "freedoom" / "b.mid").write_bytes(b"MThd, but no more")
    tune(root / "groove" / "drummer1_1_rock_100_beat_4-4.mid", [-1], notes=900)
    tune(root / "groove" / "drummer1_2_rock_100_fill_4-4.mid", [-1], notes=900)
    return root


def test_a_piece_becomes_a_song_of_named_stems(midi_root: Path, tmp_path: Path):
    config = MidiConfig(soundfonts=(Path("font.sf2"),), exchange=0.0, groove_s=5.0)
    report = render_midi(midi_root, tmp_path / "store", config=config)
    assert report.skipped == {"damaged MIDI": 1}
    store = Store(tmp_path / "store", words)
    songs = {segment.song for segment in store.segments}
    assert songs == {"renders/a-font", "renders/drummer1_1_rock_100_beat_4-4-font"}
    stems = {s.text for s in store.segments if s.song == "renders/a-font"}
    assert stems == {"=bass guitar", "=electric guitar", "=drums"}  # choirs are left out
    hits = {s.text for s in store.segments if "drummer" in s.song}
    assert hits == {"=kick", "=snare", "=hi-hat"}
    again = render_midi(midi_root, tmp_path / "store", config=config)
    assert (again.stored, again.already) == (0, 2)


def test_a_folder_without_midi_is_told(midi_root: Path, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(DataError, match=r"no MIDI in .*elsewhere; expected pieces"):
        render_midi(
            tmp_path / "elsewhere", tmp_path / "store", config=MidiConfig(soundfonts=(Path("a"),))
        )


def test_windows_move_time_and_pitch_but_not_drums():
    melodic = pretty_midi.Instrument(0)
    drums = pretty_midi.Instrument(0, is_drum=True)
    for part in (melodic, drums):
        part.notes = [pretty_midi.Note(90, 60, at, at + 0.5) for at in (0.0, 2.0, 4.0)]
    cut = window([melodic, drums], 1.5, 2.0, rate=2.0, semitones=3)
    assert [len(part.notes) for part in cut] == [1, 1]
    assert cut[0].notes[0].pitch == 63 and cut[1].notes[0].pitch == 60
    assert cut[0].notes[0].start == pytest.approx(0.25)


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(midi.shutil, "which", lambda name: "/bin/fluidsynth")
    with pytest.raises(DataError, match="soundfont"):
        midi.check_renderer([tmp_path / "no.sf2"])
    monkeypatch.setattr(midi.shutil, "which", lambda name: None)
    with pytest.raises(DataError, match="fluidsynth"):
        midi.check_renderer([])


@pytest.mark.parametrize(
    ("file", "pitch"),
    [
        ("notes/electric-bass/sustain-a2-f-rr1.ogg", 45),
        ("notes/pastabass/0676-db5-vl1-rr1.ogg", 73),
        ("notes/piano/samples-mf-c-5.ogg", 73),
        ("notes/x/electric-eb3-vl3-rr2-2.ogg", 51),
    ],
)
def test_pitches_are_read_from_names(file: str, pitch: int):
    assert pitch_in_name(file) == pitch


def test_names_without_a_pitch_give_none():
    assert np.isnan(pitch_in_name("notes/x/electric-mute-string4.ogg"))


def notes_store(root: Path) -> Store:
    t = np.arange(2 * RATE) / RATE
    with PartWriter(root, "notes") as writer:
        for pitch, name in ((36, "c2"), (43, "g2")):
            tone = np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * t)[None].astype(np.float32)
            blank = Segment("", f"notes/b/{name}.wav", "notes", "electric bass", "notes/b", "",
                            "train", "CC0-1.0", "", "", 0, 0, ())  # fmt: skip
            writer.append(tone, blank)
    return Store(root, words)


def test_a_sampler_plays_in_tune(tmp_path: Path):
    store = notes_store(tmp_path)
    sampler = Sampler("bass guitar", "notes/b", (0, 1), (36.0, 43.0))
    played = play(store, sampler, [Note(0.0, 1.5, 40.0)], np.random.default_rng(0))
    spectrum = np.abs(np.fft.rfft(played[0, :RATE]))
    assert np.argmax(spectrum) == pytest.approx(440 * 2 ** ((40 - 69) / 12), abs=1.5)
    assert np.abs(played[0, -RATE // 4 :]).max() == 0.0


def test_lines_need_notes(store_root: Path, tmp_path: Path):
    with PartWriter(tmp_path, "p") as writer:
        blank = Segment("", "f", "renders", "=piano", "s", "", "train", "", "", "", 0, 0, ())
        writer.append(np.ones((1, RATE), np.float32) * 0.1, blank)
    with pytest.raises(DataError, match="notes"):
        render_lines(tmp_path, tmp_path, config=LinesConfig(takes=1, beats=0))


def test_lines_are_appended_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = notes_store(tmp_path)
    sampler = Sampler("bass guitar", "notes/b", (0, 1), (36.0, 43.0))
    monkeypatch.setattr(lines, "find_samplers", lambda _: [sampler])
    config = LinesConfig(takes=2, beats=0, take_s=3.0)
    assert render_lines(tmp_path, tmp_path, config=config).stored == 2
    assert render_lines(tmp_path, tmp_path, config=config).already == 2
    made = [s for s in Store(tmp_path, words).segments if s.pool == "lines"]
    assert {s.text for s in made} == {"=bass guitar"}
    assert store.segments[0].pool == "notes"
