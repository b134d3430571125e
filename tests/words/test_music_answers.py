"""Questions about tempo and key are answered from what is measured."""

from __future__ import annotations

import pytest

from sayso.desk import History
from sayso.measure.tempo_key import TempoKey
from sayso.words import Facts, Interpretation, interpret


def asked(words: str, music: TempoKey | None) -> Interpretation:
    return interpret(words, History(), facts=Facts(music=lambda: music))


@pytest.mark.parametrize(
    "words", ["what key is it in?", "how fast is this song?", "what tempo is it"]
)
def test_tempo_and_key_are_told_with_how_sure_they_are(words: str) -> None:
    heard = TempoKey(bpm=96.0, bpm_certainty=0.9, key="C major", key_certainty=0.5)
    text = asked(words, heard).reply
    assert "96.0 beats a minute, sure" in text
    assert "C major (or A minor), likely" in text


def test_what_is_not_heard_is_said() -> None:
    heard = TempoKey(bpm=None, bpm_certainty=0.0, key=None, key_certainty=0.0)
    assert "tempo is none heard" in asked("what key is it in?", heard).reply
    assert "where the recording is" in asked("what key is it in?", None).reply
