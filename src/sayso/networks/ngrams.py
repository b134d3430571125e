"""Words as hashed character n-grams, so that misspellings and plurals land near their neighbours.

Pure Python: training and inference without torch share it. The hash is CRC-32, the same on every
machine and in every process.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterator, Sequence

SIZES = (3, 4, 5)


def normalise(text: str) -> str:
    """Lower-case words of letters and digits, single spaces between them.

    >>> normalise("  Hi-Hat,  LOUD! ")
    'hi hat loud'
    """
    plain = unicodedata.normalize("NFKD", text.lower())
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())


def ngrams(text: str) -> Iterator[str]:
    """Every word of `text` with its boundaries marked, then its n-grams of 3 to 5 characters.

    >>> list(ngrams("dogs"))
    ['<dogs>', '<do', 'dog', 'ogs', 'gs>', '<dog', 'dogs', 'ogs>', '<dogs', 'dogs>']
    """
    for word in normalise(text).split():
        marked = f"<{word}>"
        yield marked
        for size in SIZES:
            # A window as long as the marked word would only repeat it.
            for start in range(len(marked) - size + 1 if len(marked) > size else 0):
                yield marked[start : start + size]


def ngram_ids(text: str, buckets: int, *, length: int) -> list[int]:
    """Bucket numbers in [1, buckets) of the n-grams of `text`, padded with 0 to `length`.

    What exceeds `length` is left out, longest texts only: 96 hold about five words.
    """
    ids = [1 + zlib.crc32(gram.encode()) % (buckets - 1) for gram in ngrams(text)][:length]
    return ids + [0] * (length - len(ids))


def batch_ids(texts: Sequence[str], buckets: int, *, length: int) -> list[list[int]]:
    """`ngram_ids` of several texts, as rows of equal length."""
    return [ngram_ids(text, buckets, length=length) for text in texts]
