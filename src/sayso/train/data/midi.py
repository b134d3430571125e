"""Music from MIDI: stems rendered by the fluidsynth program with General MIDI soundfonts.

A piece is cut to a window, moved to another key and tempo, some of its instruments are exchanged,
and each instrument family is rendered by itself, so that a piece becomes a song of aligned stems.
Drum performances become songs whose stems are kick, snare, hi-hat, cymbals and toms.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from sayso.configuration import Frozen
from sayso.errors import DataError
from sayso.train.data.build import BuildReport, reason, stored_files
from sayso.train.data.store import SAMPLE_RATE, Floats, PartWriter, Segment
from sayso.train.data.vocabulary import Vocabulary, load_vocabulary
from sayso.watch import SILENT, Watch

PART = "renders"
VALID_ONE_IN = 10
LONGEST_TAIL_S = 20.0
SHORTEST_NOTE_S = 0.02  # a note that rounds to no ticks at all would never be let go
SHORTEST_GROOVE_BYTES = 2500
KITS = (0, 8, 16, 24, 25, 32, 40)
# Electronic kits send notes outside General MIDI for rims and hi-hat edges.
TO_GENERAL_MIDI: Mapping[int, int] = {22: 42, 26: 46, 58: 43, 20: 42}
HITS: Mapping[str, frozenset[int]] = {
    "kick": frozenset({35, 36}),
    "snare": frozenset({37, 38, 40}),
    "hi-hat": frozenset({42, 44, 46}),
    "cymbals": frozenset({49, 51, 52, 53, 55, 57, 59}),
    "toms": frozenset({41, 43, 45, 47, 48, 50}),
}
# What an exchanged melodic line is played on: likelier what songs have and these pieces lack.
EXCHANGE: Mapping[str, float] = {
    "acoustic guitar": 6.0,
    "piano": 3.0,
    "organ": 4.0,
    "electric piano": 3.0,
    "strings": 2.0,
    "violin": 2.0,
    "cello": 2.0,
    "brass": 2.0,
    "trumpet": 2.0,
    "saxophone": 2.0,
    "flute": 2.0,
    "electric guitar": 2.0,
}


class MidiConfig(Frozen):
    """What to render: how much of each piece, how far it is varied, with which soundfonts."""

    soundfonts: tuple[Path, ...]
    seed: int = Field(default=0, ge=0)
    piece_s: float = Field(default=45.0, gt=1, description="window of a piece, seconds")
    groove_s: float = Field(default=40.0, gt=1, description="window of a drum performance, seconds")
    grooves: int = Field(default=120, ge=0, description="how many drum performances")
    exchange: float = Field(
        default=0.45, ge=0, le=1, description="chance to exchange an instrument"
    )


def render_midi(
    midi_root: Path,
    store_root: Path,
    *,
    config: MidiConfig,
    watch: Watch = SILENT,
) -> BuildReport:
    """Render the pieces (`freedoom/`) and drum performances (`groove/`) under `midi_root`.

    Every piece is rendered with every soundfont, each time in another key, tempo and instruments.
    What the store holds already is kept. Raises: DataError when fluidsynth, a soundfont or any MIDI
    is not there; a damaged file is skipped and counted.
    """
    check_renderer(config.soundfonts)
    pieces = sorted((midi_root / "freedoom").glob("*.mid"))
    grooves = long_grooves(midi_root / "groove")
    if not pieces and not grooves:
        raise DataError(
            f"no MIDI in {midi_root}; expected pieces in its folder freedoom, or drums in groove"
        )
    order = np.random.default_rng(config.seed).permutation(len(grooves))[: config.grooves]
    grooves = [grooves[i] for i in sorted(order)]
    todo = [(path, font, False) for path in pieces for font in config.soundfonts]
    todo += [
        (path, config.soundfonts[n % len(config.soundfonts)], True)
        for n, path in enumerate(grooves)
    ]
    there = {file.rsplit("/", 1)[0] for file in stored_files(store_root)}
    stored, already, skipped = 0, 0, Counter[str]()
    for done, (path, font, groove) in enumerate(todo):
        song = f"renders/{path.stem}-{font.stem}{f'-{config.seed}' if config.seed else ''}"
        if song in there:
            already += 1
        else:
            try:
                stored += _render_song(path, font, song, store_root, config, groove=groove)
            except DataError as error:
                skipped[reason(error)] += 1
        watch.check()
        watch.report((done + 1) / len(todo))
    return BuildReport(stored=stored, already=already, skipped=dict(skipped))


def check_renderer(soundfonts: Sequence[Path]) -> None:
    """Nothing if MIDI can be rendered. Raises: DataError, which says what to install."""
    if shutil.which("fluidsynth") is None:
        raise DataError("the fluidsynth program is not installed; install Debian's fluidsynth")
    missing = [str(path) for path in soundfonts if not path.is_file()]
    if missing or not soundfonts:
        what = f"no soundfont at {', '.join(missing)}" if missing else "no soundfont was named"
        raise DataError(
            f"{what}; expected a General MIDI one (--soundfont), such as "
            "/usr/share/sounds/sf2/FluidR3_GM.sf2 of Debian's fluid-soundfont-gm"
        )


def read_midi(path: Path) -> Any:
    """The `pretty_midi.PrettyMIDI` of a file. Raises: DataError for a damaged one."""
    import pretty_midi

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return pretty_midi.PrettyMIDI(str(path))
    except (OSError, ValueError, KeyError, IndexError, EOFError) as error:
        raise DataError(f"{path.name}: damaged MIDI") from error


def lines_of(midi: Any, vocabulary: Vocabulary) -> dict[str, list[Any]]:
    """The instruments of a piece by concept; those without one (effects, choirs) left out."""
    lines: dict[str, list[Any]] = defaultdict(list)
    for instrument in midi.instruments:
        concept = vocabulary.program(-1 if instrument.is_drum else int(instrument.program))
        if concept and instrument.notes:
            lines[concept].append(instrument)
    return dict(lines)


def long_grooves(folder: Path) -> list[Path]:
    """The drum performances of a folder that last: beats, not fills, of some 300 hits or more."""
    beats = sorted(path for path in folder.glob("*.mid") if "_beat_" in path.name)
    return [path for path in beats if path.stat().st_size > SHORTEST_GROOVE_BYTES]


def synthesise(midi: Any, soundfont: Path, *, room: bool = False) -> Floats:
    """Samples `[2, T]` of a `PrettyMIDI` at 44.1 kHz. Raises: DataError if fluidsynth fails."""
    limit = int((midi.get_end_time() + LONGEST_TAIL_S) * SAMPLE_RATE) * 4
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.mid"
        midi.write(str(source))
        effect = "1" if room else "0"
        command = ["fluidsynth", "-ni", "-q", "-R", effect, "-C", effect, "-g", "0.4"]
        command += ["-o", "synth.dynamic-sample-loading=1", "-r", str(SAMPLE_RATE)]
        command += ["-T", "raw", "-O", "s16", "-F", "-", str(soundfont), str(source)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as synth:
            assert synth.stdout is not None
            # It plays until the last note has died away, so a note that hangs never ends.
            raw = synth.stdout.read(limit)
            synth.kill()
    if not raw or len(raw) == limit:
        raise DataError(f"fluidsynth and {soundfont.name}: no sound, or a note that never ends")
    samples = np.frombuffer(raw[: len(raw) // 4 * 4], "<i2").reshape(-1, 2).T
    return np.asarray(samples / 32768.0, np.float32)


def window(
    instruments: Sequence[Any], start_s: float, length_s: float, *, rate: float, semitones: int
) -> list[Any]:
    """Copies of instruments: notes from `start_s` on, `rate` times as fast, moved in pitch."""
    import pretty_midi

    out = []
    for instrument in instruments:
        copy = pretty_midi.Instrument(int(instrument.program), is_drum=instrument.is_drum)
        for note in instrument.notes:
            if start_s <= note.start < start_s + length_s:
                pitch = note.pitch if instrument.is_drum else note.pitch + semitones
                end = min(note.end, start_s + length_s)
                if 0 <= pitch <= 127 and end > note.start + SHORTEST_NOTE_S:
                    begin, end = (note.start - start_s) / rate, (end - start_s) / rate
                    copy.notes.append(pretty_midi.Note(note.velocity, pitch, begin, end))
        copy.pitch_bends = [
            pretty_midi.PitchBend(bend.pitch, (bend.time - start_s) / rate)
            for bend in instrument.pitch_bends
            if start_s <= bend.time < start_s + length_s
        ]
        if copy.notes:
            out.append(copy)
    return out


def _render_song(
    path: Path, font: Path, song: str, store_root: Path, config: MidiConfig, *, groove: bool
) -> int:
    """Render the stems of one song into the store; how many there were."""
    import pretty_midi

    rng = np.random.default_rng((config.seed, zlib.crc32(song.encode())))
    midi = read_midi(path)
    vocabulary = load_vocabulary()
    length_s = config.groove_s if groove else config.piece_s
    start_s = rng.uniform(0, max(0.0, midi.get_end_time() - length_s))
    rate, semitones = float(rng.uniform(0.85, 1.2)), int(rng.integers(-5, 7))
    lines = hits_of(midi) if groove else lines_of(midi, vocabulary)
    kit, room = int(rng.choice(KITS)), bool(rng.random() < 0.4)
    rendered: dict[str, Floats] = {}
    for concept, instruments in sorted(lines.items()):
        notes = window(instruments, start_s, length_s, rate=rate, semitones=semitones)
        if not notes:
            continue
        name = concept if groove else _exchanged(concept, notes, kit, vocabulary, rng, config)
        piece = pretty_midi.PrettyMIDI()
        piece.instruments.extend(notes)
        samples = synthesise(piece, font, room=room)
        if np.abs(samples).max() > 1e-3:
            rendered[name] = _added(rendered.get(name), samples)
    if not rendered:
        raise DataError(f"{path.name}: nothing to hear")
    peak = max(float(np.abs(samples).max()) for samples in rendered.values())
    with PartWriter(store_root, PART) as writer:
        for name, samples in rendered.items():
            about = _about(song, name, path, font, groove=groove)
            writer.append(samples * np.float32(0.7 / peak), about, normalise=False)
    return len(rendered)


def _exchanged(
    concept: str,
    instruments: list[Any],
    kit: int,
    vocabulary: Vocabulary,
    rng: np.random.Generator,
    config: MidiConfig,
) -> str:
    """Give the line another program, of its own family or, for melodies, of any; its concept."""
    if concept == "drums":
        for instrument in instruments:
            instrument.program = kit
        return concept
    if rng.random() < config.exchange:
        role = "bass" if "bass" in vocabulary.ancestors(concept) else "other"
        known = sorted({vocabulary.program(n) or "" for n in range(128)} - {""})
        names = [name for name in known if role in vocabulary.ancestors(name)]
        weights = np.array([EXCHANGE.get(name, 1.0) for name in names])
        concept = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    elif rng.random() < 0.5:
        return concept
    program = int(rng.choice([n for n in range(128) if vocabulary.program(n) == concept]))
    for instrument in instruments:
        instrument.program = program
    return concept


def hits_of(midi: Any) -> dict[str, list[Any]]:
    """A drum performance split by what is hit."""
    import pretty_midi

    out: dict[str, list[Any]] = {}
    for concept, pitches in HITS.items():
        copy = pretty_midi.Instrument(0, is_drum=True)
        for instrument in midi.instruments:
            for note in instrument.notes:
                pitch = TO_GENERAL_MIDI.get(note.pitch, note.pitch)
                if pitch in pitches:
                    copy.notes.append(
                        pretty_midi.Note(max(1, note.velocity), pitch, note.start, note.end)
                    )
        if copy.notes:
            out[concept] = [copy]
    return out


def _added(sum_so_far: Floats | None, samples: Floats) -> Floats:
    if sum_so_far is None:
        return samples
    longer, shorter = sorted((sum_so_far, samples), key=lambda s: -s.shape[1])
    longer[:, : shorter.shape[1]] += shorter
    return longer


def _about(song: str, concept: str, path: Path, font: Path, *, groove: bool) -> Segment:
    valid = not groove and zlib.crc32(path.name.encode()) % VALID_ONE_IN == 0
    return Segment(
        part=PART,
        file=f"{song}/{concept}",
        pool=PART,
        text=f"={concept}",
        source=song,
        song=song,
        split="valid" if valid else "train",
        licence="CC-BY-4.0" if groove else "BSD-3-Clause",
        author="Google LLC (Groove MIDI Dataset)" if groove else "the Freedoom project",
        origin=f"{'magenta/groove' if groove else 'freedoom/freedoom'}, rendered with {font.stem}",
        channels=0,
        frames=0,
        pieces=(),
    )
