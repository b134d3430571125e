"""Aliases never collide, stay the same, and suit any file system."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from sayso.batch.aliases import Aliases

PATHS = st.lists(
    st.lists(st.text(min_size=1, max_size=12).filter(lambda p: "/" not in p), min_size=1).map(
        "/".join
    ),
    unique=True,
    max_size=12,
)


@given(PATHS)
def test_aliases_differ_and_are_safe(paths):
    aliases = Aliases()
    given_out = [aliases.give(f"/in/{path}", path) for path in paths]
    folded = [unicodedata.normalize("NFKC", alias).casefold() for alias in given_out]
    assert len(set(folded)) == len(paths)
    for alias in given_out:
        assert not alias.startswith("/")
        for part in alias.split("/"):
            assert 0 < len(part.encode()) <= 255
            assert not set(part) & set('.\\:*?"<>|\0\n')


@given(PATHS)
def test_aliases_given_out_before_are_kept(paths):
    first = Aliases()
    half = len(paths) // 2
    before = [first.give(f"/in/{path}", path) for path in paths[:half]]
    whole = [first.give(f"/in/{path}", path) for path in paths[half:]]
    resumed = Aliases(before)
    assert [resumed.give(f"/in/{path}", path) for path in paths[half:]] == whole


def test_names_that_look_alike():
    aliases = Aliases()
    names = ["a/x.wav", "b/x.wav", "b/X.mp3", "b/x.flac", "", "..", "é.wav", "e\u0301.wav"]
    given_out = [
        aliases.give(f"/{n}/{name}", name.rpartition("/")[2]) for n, name in enumerate(names)
    ]
    assert given_out[0] == "x"
    assert len({alias.casefold() for alias in given_out}) == len(names)
    assert aliases.give("/long", "n" * 400 + ".wav").startswith("n" * 60)
