"""An Ogg stream of which pages are missing: what is left of it is read run by run.

A page says when it ends, but a decoder that goes on over a hole counts from before it. Opened
anew at each hole, it tells where what follows begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sayso.audio.audio import Samples
from sayso.audio.ffmpeg import AvSource
from sayso.audio.ogg import Page, not_last
from sayso.audio.pieces import Piece
from sayso.audio.placing import TimeLine
from sayso.audio.source import Info, Notice
from sayso.errors import FormatError


class TornOgg:
    """The sound of such a stream, silent where pages are missing.

    Args:
        path: of the file.
        runs: the pages of its headers, and those of each run, as `ogg.Pages.runs` gives them.
        tell: told what is missing.

    Raises: FormatError where nothing can be read.
    """

    def __init__(self, path: Path, runs: Sequence[Sequence[Page]], *, tell: Notice) -> None:
        self._path, self.tell = path, tell
        self._head, self._runs = runs[0], runs[1:]
        self._first = self._opened(self._runs[0], self._zero_s())
        self.info: Info = self._first.info

    def blocks(self) -> Iterator[Samples]:
        """Consecutive blocks [C, t]. Raises: FormatError."""
        rate, given = self.info.sample_rate, 0
        whole = TimeLine(rate, tick=0.0, longest=0.0)
        for number, run in enumerate(self._runs):
            begin_s = given / rate
            try:
                source = self._opened(run, begin_s) if number else self._first
                for block in source.blocks():
                    given += block.shape[1]
                    yield block
            except FormatError:
                continue  # silent, by what comes behind
            finally:
                source.close()
            if source.line.late_s:
                whole.torn.append((begin_s, source.line.late_s))
            whole.torn += [(begin_s + at_s, lost_s) for at_s, lost_s in source.line.lost]
        if not given:
            raise FormatError("the file is damaged: none of its sound could be read")
        for sentence in whole.notes():
            self.tell(sentence)

    def close(self) -> None:
        """Closes the file."""
        self._first.close()

    def _zero_s(self) -> float | None:
        """Where the stream begins: at 0 where its beginning is missing, else with what is there."""
        if self._head and self._runs[0][0].number == self._head[-1].number + 1:
            return None
        return 0.0

    def _opened(self, run: Sequence[Page], zero_s: float | None) -> AvSource:
        parts: list[tuple[int, int] | bytes] = [(p.start, p.stop) for p in (*self._head, *run)]
        # The last page of a stream may end early, so that alone it does not tell its beginning.
        with self._path.open("rb") as file:
            file.seek(run[0].start)
            parts[len(self._head)] = not_last(file.read(run[0].stop - run[0].start))
        piece = Piece(self._path, parts)
        return AvSource(piece, self._path, tell=_nobody, damaged=True, zero_s=zero_s)


def _nobody(sentence: str) -> None:
    """Is not told, since the runs are told of together."""
