from __future__ import annotations

import pytest

from sayso.errors import InputError
from sayso.measure.wer import wer


@pytest.mark.parametrize(
    ("estimate", "reference", "rate"),
    [
        ("", "one two three four", 1.0),
        ("one two three four", "One, two; three: FOUR!", 0.0),
        ("one too three", "one two three four", 0.5),
        ("a b c d e f", "a b", 2.0),
        ("it\u2019s", "it's", 0.0),
        ("caf\u00e9", "cafe", 1.0),
    ],
)
def test_errors_for_each_word(estimate, reference, rate):
    assert wer(estimate, reference) == rate


def test_a_reference_without_words_is_refused():
    with pytest.raises(InputError, match="holds no words"):
        wer("one", " ... ")
