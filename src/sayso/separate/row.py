"""A row of the catalogue: all that is known of a model without opening a file of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec

from sayso.checkpoints import WeightFile
from sayso.configuration import Frozen
from sayso.separate.demucs_files import Bag

FOUR = ("drums", "bass", "other", "vocals")
_MUSIC = (*FOUR, "guitar", "piano")
_SPEECH = ("speech", "noise")


class CatalogueRow(Frozen):
    """One model.

    Fields:
        name: what it is called here.
        kind: what runs it: for a separator, the module of this room that has its `load`.
        hears: targets; empty for one that recognises instead of separating.
        open_words: whether it takes any words beside those.
        taught: whether it takes those that its own file says that it was taught, too.
        packaged: whether its files come with Sayso, and lie in its folder of weights.
        files: what it needs, the weights first.
        needs: modules that must be there to run it, of the extra `torch`.
        bag: how several Demucs checkpoints are averaged.
        helper: a model that `auto` asks too, for what this one misses of a sound.
        ranks: how good it is, 0 to 100, at a target, or at all of "music", "speech" or any other
            "sounds": see `rank`.
        trained: whether it has learned; False where it goes by rules of thumb.
        code: licence of the code it was published with; ours is written anew where it is ours.
        weights: licence of the weights.
        quality: in plain words.
        cost: of a minute of audio.
        metrics: target -> dB, published.
        note: what else a person should know.
    """

    name: str
    kind: str
    hears: tuple[str, ...] = ()
    open_words: bool = False
    taught: bool = False
    packaged: bool = False
    files: tuple[WeightFile, ...] = ()
    needs: tuple[str, ...] = ()
    bag: Bag | None = None
    helper: str = ""
    ranks: Mapping[str, int] = {}
    trained: bool = True
    code: str
    weights: str
    quality: str
    cost: str
    metrics: Mapping[str, float] = {}
    note: str = ""

    @property
    def separates(self) -> bool:
        """Whether it takes sounds out of a mix."""
        return bool(self.hears)

    @property
    def stems(self) -> tuple[str, ...]:
        """What to ask for when all of a recording is to be split."""
        return tuple(name for name in self.hears if name not in _SPEECH) or self.hears

    @property
    def offers(self) -> tuple[str, ...]:
        """What it hears, for people to read."""
        more = {"and any sound in words": self.open_words, "and many sounds by name": self.taught}
        return (*self.hears, *(words for words, so in more.items() if so))

    @property
    def licence(self) -> str:
        """Of code and weights, in a phrase."""
        return self.code if self.packaged else f"code {self.code}; weights {self.weights}"

    @property
    def download_mb(self) -> float:
        """What is to be fetched to have all its files, in units of 10^6 bytes; 0 where unknown."""
        packages = {
            f.inside.package.archive: f.inside.package.size_mb for f in self.files if f.inside
        }
        return sum(packages.values()) + sum(f.size_mb for f in self.files if f.inside is None)

    @property
    def can_run(self) -> bool:
        """Whether the modules that it needs are there."""
        return all(find_spec(module) for module in self.needs)

    def supports(self, target: str) -> bool:
        """Whether it can be asked for `target`, as far as this row tells."""
        return target in self.hears or (self.open_words and bool(target.strip()))

    def rank(self, target: str) -> int:
        """How good it is at `target`; 0 where nobody has said."""
        kind = "music" if target in _MUSIC else "speech" if target in _SPEECH else "sounds"
        return self.ranks.get(target, self.ranks.get(kind, 0))


def ranked(rows: Iterable[CatalogueRow], target: str) -> list[CatalogueRow]:
    """`rows` from the best to the worst at `target`; equals keep their order."""
    return sorted(rows, key=lambda row: -row.rank(target))
