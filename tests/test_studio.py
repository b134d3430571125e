from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import sayso
from sayso.audio import Audio, decibels, integrated_lufs, read, true_peak_db, write
from sayso.desk import (
    MIX,
    Adjust,
    Clean,
    Cut,
    Desk,
    During,
    Edit,
    Extract,
    Gain,
    Limit,
    Loudness,
    Pan,
    Pitch,
    Remove,
    Reset,
    Reverb,
    Set,
    Stretch,
    Strip,
    Undo,
)
from sayso.errors import Cancelled, ModelError, OutputError, RangeError, UnknownTargetError
from sayso.outputs import file_name
from sayso.separate import Models
from sayso.studio import Studio
from sayso.watch import Watch


@pytest.fixture(scope="module")
def studio(tmp_path_factory) -> Studio:
    return Studio(Models("simple", cache=tmp_path_factory.mktemp("stems")))


@pytest.fixture(scope="module")
def mix(demo) -> Audio:
    return demo["mix"].slice(0, 5 * 44_100)


def rendered(studio, mix, *moves):
    session = studio.open(mix)
    session.do(moves)
    return {name: track.audio for name, track in session.render().tracks.items()}


def adjust(target, *effects):
    return Adjust(target=target, effects=effects)


def apart_db(one, other):
    return decibels(float(np.abs(one.samples - other.samples).max()))


def test_nothing_asked_is_nothing_changed(studio, mix):
    assert np.array_equal(rendered(studio, mix)[MIX].samples, mix.samples)
    undone = (adjust("drums", Gain(db=6.0)), Undo())
    assert np.array_equal(rendered(studio, mix, *undone)[MIX].samples, mix.samples)
    neutral = adjust("drums", Gain(db=0.0), Reverb(amount=0.0))
    loud = Audio(mix.samples / np.abs(mix.samples).max(), 44_100)
    assert np.array_equal(rendered(studio, loud, neutral)[MIX].samples, loud.samples)


def test_what_is_taken_and_what_is_left_make_the_mix(studio, mix):
    tracks = rendered(studio, mix, Extract(targets=("vocals", "drums", "no vocals")))
    both = Audio(tracks["vocals"].samples + tracks["no vocals"].samples, 44_100)
    assert apart_db(both, mix) < -120
    removed = rendered(studio, mix, Remove(targets=("vocals",)))[MIX]
    # Only the limiter may tell the remix from the exact complement.
    if true_peak_db(tracks["no vocals"]) < -0.3:
        assert apart_db(removed, tracks["no vocals"]) < -100


def test_gains_add_up_as_on_a_desk(studio, mix):
    louder = rendered(studio, mix, adjust("drums", Gain(db=6.0)), adjust(MIX, Gain(db=-12.0)))
    drums = rendered(studio, mix, Extract(targets=("drums",)))["drums"]
    by_hand = (mix.samples + (10 ** (6 / 20) - 1) * drums.samples) * 10 ** (-12 / 20)
    assert apart_db(louder[MIX], Audio(by_hand.astype(np.float32), 44_100)) < -100


def test_a_remix_stays_below_full_scale_unless_told_otherwise(studio, mix):
    loud = adjust(MIX, Gain(db=18.0))
    assert true_peak_db(rendered(studio, mix, loud)[MIX]) <= -0.2
    session = studio.open(mix, desk=Desk(limiter=False))
    session.do([loud])
    result = session.render()
    assert result.tracks[MIX].peak > 2.0
    assert result.tracks[MIX].notes == ("peaks above full scale",)
    at = rendered(studio, mix, loud, adjust(MIX, Limit(ceiling_db=-6.0)))[MIX]
    assert true_peak_db(at) <= -5.9


def test_a_limiter_for_a_span_leaves_the_ceiling_elsewhere(studio, mix):
    early = Limit(ceiling_db=-6.0, span=During(end_s=1.0))
    loud = rendered(studio, mix, adjust(MIX, Gain(db=18.0)), adjust(MIX, early))[MIX]
    assert true_peak_db(loud) <= -0.2
    assert true_peak_db(loud.slice(0, 43_800)) <= -5.5  # it goes within the last 4 ms


def test_a_muted_master_is_silent(studio, mix):
    assert not rendered(studio, mix, Set(target=MIX, mute=True))[MIX].samples.any()


def test_solo_mutes_everything_else(studio, mix):
    desk = Desk(strips={"bass": Strip(solo=True), "drums": Strip()})
    session = studio.open(mix, desk=desk)
    bass = rendered(studio, mix, Extract(targets=("bass",)))["bass"]
    assert apart_db(session.render().tracks[MIX].audio, bass) < -100


def test_edits_and_tempo_hold_for_every_track(studio, mix):
    cut = Edit(steps=(Cut(end_s=1.0),))
    tracks = rendered(studio, mix, Extract(targets=("vocals", "no vocals")), cut)
    assert {track.frames for track in tracks.values()} == {4 * 44_100}
    both = Audio(sum(track.samples for track in tracks.values()), 44_100)
    alone = rendered(studio, mix, cut)[MIX]
    assert apart_db(both, alone) < -100
    slow = adjust(MIX, Stretch(rate=0.5))
    tracks = rendered(studio, mix, Extract(targets=("vocals", "no vocals")), slow)
    assert {track.frames for track in tracks.values()} == {10 * 44_100}
    with pytest.raises(RangeError, match="after the end"):
        rendered(studio, mix, Edit(steps=(Cut(start_s=60.0),)))


def test_panning_makes_mono_stereo(studio, mix):
    mono = Audio(np.array(mix.samples[:1]), 44_100)
    panned = rendered(studio, mono, adjust("drums", Pan(position=-1.0)))[MIX]
    assert panned.channels == 2
    assert np.mean(panned.samples[0] ** 2) > np.mean(panned.samples[1] ** 2)


def test_effects_reach_their_strip_alone(studio, mix):
    changed = rendered(studio, mix, adjust("vocals", Pitch(semitones=3.0)))[MIX]
    assert apart_db(changed, mix) > -40
    assert changed.frames == mix.frames
    loud = rendered(studio, mix, adjust(MIX, Loudness(lufs=-20.0)))[MIX]
    assert integrated_lufs(loud) == pytest.approx(-20.0, abs=0.2)


def test_cleaning_takes_the_noise_away(studio, demo):
    voice = demo["vocals"].slice(0, 4 * 44_100)
    hiss = 0.01 * np.random.default_rng(2).standard_normal(voice.samples.shape)
    cleaned = rendered(studio, Audio((voice.samples + hiss).astype(np.float32), 44_100), Clean())
    before, after = (np.mean(hiss**2), np.mean((cleaned[MIX].samples - voice.samples) ** 2))
    assert after < 0.5 * before


def test_saying_changes_the_desk_and_answers(studio, mix):
    session = studio.open(mix)
    reply = session.say("take the vocals out and put some reverb on the drums")
    assert [move.do for move in reply.moves] == ["remove", "adjust"]
    assert reply.desk == session.desk
    assert reply.desk.strip("vocals").mute
    before = session.desk
    for words in ("what time is it?", "remove the vuvuzela", ""):
        reply = session.say(words)
        assert reply.moves[0].do == "reply"
        assert reply.text
        assert session.desk == before
    session.say("undo")
    assert session.desk == Desk()


def test_rendering_reports_and_stops(studio, mix):
    session = Studio("simple").open(mix)
    session.do([Extract(targets=("vocals", "drums")), Reset(target="bass")])
    told = []
    session.render(watch=Watch(told.append))
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)
    with pytest.raises(Cancelled):
        session.render(watch=Watch(cancelled=lambda: True))
    with pytest.raises(UnknownTargetError, match="tuba"):
        session.do([Extract(targets=("tuba",))])
    assert session.desk.deliver == ("vocals", "drums")
    with pytest.raises(ModelError, match="no model"):
        Studio("nobody").open(mix).render()


def test_file_names_stay_in_their_folder():
    assert file_name("{target}.{ext}", "song", "no vocals", "wav") == "no_vocals.wav"
    assert file_name("{target}.{ext}", "song", "../etc", "wav") == "___etc.wav"
    for pattern in ("../{target}.wav", "/tmp/{target}.wav", "{nobody}", "{"):
        with pytest.raises(OutputError):
            file_name(pattern, "song", "vocals", "wav")


def test_every_door_leads_to_the_same_sound(mix, tmp_path):
    words = "remove the vocals and pan the drums a bit to the left"
    path = write(tmp_path / "song.wav", mix, encoding="float32")
    session = sayso.Studio("simple").open(path)
    session.say(words)
    session.render().write(tmp_path / "python", encoding="float32")
    command = [sys.executable, "-m", "sayso", "ask", str(path), words, "--model", "simple"]
    command += ["-o", str(tmp_path / "cli"), "--float32", "--no-cache"]
    subprocess.run(command, check=True, capture_output=True)
    one, other = (read(tmp_path / door / "song/mix.wav") for door in ("python", "cli"))
    assert np.array_equal(one.samples, other.samples)


def test_results_are_numbered_and_never_written_on_their_source(tmp_path, noise):
    path = write(tmp_path / "take.1.wav", noise(0.2))
    session = Studio("simple").open(path)
    session.say("turn it down by 3 dB")
    result, said = session.render(), []
    first = result.write(tmp_path, notice=said.append)["mix"]
    second = result.write(tmp_path, notice=said.append)["mix"]
    assert [first, second] == [tmp_path / "take.1" / "mix.wav", tmp_path / "take.1-2" / "mix.wav"]
    assert len(said) == 1 and "take.1-2" in said[0]
    assert result.write(tmp_path / "x.flac") == {"mix": tmp_path / "x.flac"}
    for out, pattern in ((path, None), (tmp_path, "{track}.{ext}")):
        with pytest.raises(OutputError, match="replace the source"):
            result.write(out, pattern=pattern, overwrite=True)
    assert read(path).frames == result.tracks["mix"].audio.frames
