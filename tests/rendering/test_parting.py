from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio, Chapter, Tags, read, read_tags, write
from sayso.desk import AtMarkers, AtPauses, AtTimes, Cut, Edit, Equal, Every, Split
from sayso.errors import OutputError, RangeError, RequestError
from sayso.studio import Studio

RATE = 8000


def song(*stretches):
    """Noise for a positive number of seconds, silence for a negative one."""
    rng = np.random.default_rng(4)
    return Audio(
        np.concatenate(
            [rng.uniform(-0.5, 0.5, (1, round(abs(s) * RATE))) * (s > 0) for s in stretches],
            axis=1,
        ).astype(np.float32),
        RATE,
    )


def split_of(audio, parts, *steps):
    session = Studio().open(audio)
    if steps:
        session.do([Edit(steps=steps)])
    session.do([Split(parts=parts)])
    return session.render()


@pytest.mark.parametrize(
    ("parts", "lengths"),
    [
        (Every(seconds=2.0), [2.0, 2.0, 1.0]),
        (Equal(count=4), [1.25] * 4),
        (AtTimes(times_s=(4.0, 1.5)), [1.5, 2.5, 1.0]),
        (AtPauses(least_s=1.0), [1.5, 1.75, 1.75]),
    ],
)
def test_parts_add_up_to_the_whole_to_the_sample(parts, lengths):
    audio = song(1.0, -1.0, 0.5, -1.5, 1.0)
    result = split_of(audio, parts)
    assert list(result) == [f"mix {n:02d}" for n in range(1, len(lengths) + 1)]
    assert [piece.duration_s for piece in result.values()] == pytest.approx(lengths, abs=0.1)
    whole = np.concatenate([piece.samples for piece in result.values()], axis=1)
    assert np.array_equal(whole, audio.samples)


def test_parts_count_what_is_heard_once_it_was_cut():
    audio = song(5.0)
    result = split_of(audio, Every(seconds=2.0), Cut(end_s=1.0))
    assert [piece.frames for piece in result.values()] == [2 * RATE, 2 * RATE]
    assert np.array_equal(result["mix 02"].samples, audio.samples[:, 3 * RATE :])


def test_what_cannot_be_split_is_said():
    audio = song(3.0)
    with pytest.raises(RequestError, match="no pause of 1 s"):
        split_of(audio, AtPauses())
    with pytest.raises(RangeError, match="after the end"):
        split_of(audio, AtTimes(times_s=(3.5,)))
    with pytest.raises(RequestError, match="no chapters"):
        split_of(audio, AtMarkers())
    with pytest.raises(RangeError, match="parts"):
        split_of(song(120.0), Every(seconds=0.1))


def test_chapters_become_files_with_their_titles(tmp_path):
    chapters = (Chapter(0.0, 1.0, "Intro"), Chapter(1.0, 3.0, "Talk"))
    path = write(tmp_path / "talk.mp3", song(3.0), tags=Tags(chapters=chapters))
    session = Studio().open(path)
    session.do([Split(parts=AtMarkers())])
    paths = session.render().write(tmp_path / "parts", format="flac")
    assert [p.name for p in paths.values()] == ["mix_01.flac", "mix_02.flac"]
    assert [read_tags(p).fields["title"] for p in paths.values()] == [("Intro",), ("Talk",)]
    assert sum(read(p).frames for p in paths.values()) == read(path).frames
    again = session.render().write(tmp_path / "parts", format="flac")
    assert not set(again.values()) & set(paths.values())


def test_one_named_file_is_refused_before_the_work(tmp_path):
    from sayso.outputs import Destination

    session = Studio().open(song(3.0))
    session.do([Split(parts=Equal(count=2))])
    with pytest.raises(OutputError, match="one file"):
        session.check(Destination.to(tmp_path / "part.mp3"))
