"""`Models`: which models are installed, what each supports, and those that are in use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property, lru_cache
from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from sayso.audio import Audio
from sayso.checkpoints import WeightStore, fingerprint, read_pickled, without_prefix
from sayso.errors import ModelError
from sayso.optional import require_all
from sayso.separate import embedded, unet
from sayso.separate.cache import StemCache
from sayso.separate.catalogue import ROWS, find_row, is_installed, store_of
from sayso.separate.deferred import Deferred
from sayso.separate.demucs_files import Bag
from sayso.separate.ensemble import Ensemble, parse_ensemble
from sayso.separate.exported import read_metadata
from sayso.separate.installed import default_weight_store
from sayso.separate.loading import Card, Loading
from sayso.separate.protocol import Engine, Separator
from sayso.separate.routing import AutoSeparator
from sayso.separate.row import CatalogueRow, ranked
from sayso.watch import SILENT, Watch

AUTO = "auto"
PATH_SUFFIXES = (".th", ".ckpt", ".safetensors", ".yaml", ".yml")
"""Of the checkpoints that can be named by path, beside `.onnx`."""
_KEPT = 8
Loaded = TypeVar("Loaded")


class Entry(BaseModel):
    """One line of the catalogue.

    Attributes:
        name: what `Models.open` takes.
        hears: sounds that it can be asked for, or a few of them.
        quality: how good it is, in plain words.
        cost: how long a minute of audio takes, roughly.
        licence: of the code and, where there are any, of the weights.
        installed: whether its files are here.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    hears: tuple[str, ...]
    quality: str
    cost: str
    licence: str
    installed: bool


class Models:
    """What can separate and recognise here, and what does if nothing else is asked for.

    Weights are loaded by `separate`, `use`, and the `separate` and `version` of a separator. All
    else is answered from the catalogue and from what files say of themselves. Safe in many threads.

    Args:
        model: the separator of `separate`, as `open` takes it.
        weight_store: where public weights are; None takes the platform's folder.
        threads: processor threads of the models; None takes all.
        segment_s: seconds that `separator` hears at a time; None leaves it to the model.
        overlap: share of a segment that is heard twice, 0 to 0.5; None leaves it.
        cache: of the stems of `separate`, or its folder; None keeps none.
        kept: how many loaded models are kept; the least recently used go first.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        weight_store: WeightStore | None = None,
        threads: int | None = None,
        segment_s: float | None = None,
        overlap: float | None = None,
        cache: StemCache | Path | None = None,
        kept: int = _KEPT,
    ) -> None:
        self.weight_store = weight_store or default_weight_store()
        self.threads = threads
        self._model, self._kept = model, kept
        self._cutting = {"segment_s": segment_s, "overlap": overlap}
        self._cache = StemCache(cache) if isinstance(cache, Path) else cache
        self._loaded: OrderedDict[Hashable, Any] = OrderedDict()
        self._opened: dict[Hashable, Deferred] = {}
        self._lock = RLock()

    @cached_property
    def separator(self) -> Separator:
        """The separator of `separate`. Raises: see `open`."""
        return self.open(self._model, **self._cutting)

    def renew(self) -> None:
        """Looks anew for what is here, when files have come or gone."""
        self.__dict__.pop("separator", None)

    def separate(
        self, mix: Audio, targets: Sequence[str], *, watch: Watch = SILENT
    ) -> Mapping[str, Audio]:
        """The stems of `mix`, `targets` by name, out of the cache where it has them.

        `watch` is for progress and cancelling, polled between chunks.

        Raises: see `Separator.separate`.
        """
        if self._cache is None:
            return self.separator.separate(mix, targets, watch=watch)
        return self._cache.separate(
            self.separator, mix, targets, settings=str(self._cutting), watch=watch
        )

    def entries(self) -> list[Entry]:
        """Every separator that can be named: our own, then the public ones, each the best first."""
        return [
            Entry(
                name=row.name,
                hears=row.offers,
                quality=row.quality,
                cost=row.cost,
                licence=row.licence,
                installed=is_installed(row, self.weight_store),
            )
            for row in ROWS
            if row.separates
        ]

    def ready(self) -> list[CatalogueRow]:
        """The separators whose files, and what it takes to run them, are here."""
        return [
            row
            for row in ROWS
            if row.separates and row.can_run and is_installed(row, self.weight_store)
        ]

    def rank(self, target: str) -> list[CatalogueRow]:
        """The separators that are ready and support `target`, the best first."""
        return [row for row in ranked(self.ready(), target) if self.open(row.name).supports(target)]

    def open(
        self,
        name: str | Path | None = None,
        *,
        segment_s: float | None = None,
        overlap: float | None = None,
    ) -> Separator:
        """The separator called `name`; its weights are loaded when it first separates.

        Args:
            name: from the catalogue; "auto" for the best that is ready for each sound; a path to
                an exported `.onnx` model or to a checkpoint of Demucs, DNS64 or AudioSep; or
                several of these as an ensemble, "2*htdemucs+embedded" or
                "htdemucs+embedded:mask_max". None is "auto".
            segment_s: seconds heard at a time; None leaves it to the separator.
            overlap: share of a segment that is heard twice, 0 to 0.5; None leaves it.

        Raises: ModelError naming the nearest name, or saying how to get a file that is missing;
            MissingExtraError, RangeError.
        """
        name = AUTO if name is None else name
        spelt, row, cutting = str(name), find_row(str(name)), (segment_s, overlap)
        if spelt == AUTO:
            ready = self.ready()
            return AutoSeparator(
                ROWS,
                [row.name for row in ready],
                lambda name: self.open(name, segment_s=segment_s, overlap=overlap),
                version=fingerprint(*(path for row in ready for path in self.files(row.name)))
                + " in helped shares",
            )
        if "+" in spelt and not Path(name).exists():
            members, weights, fusion = parse_ensemble(spelt)
            opened = [self.open(m, segment_s=segment_s, overlap=overlap) for m in members]
            return Ensemble(opened, weights=weights, fusion=fusion)
        if row is None:
            kind, paths = self._own(Path(name))
            return self._deferred(kind, paths, cutting, lambda: _module(kind).card(Path(name)))
        if not row.separates:
            raise ModelError(f"{row.name} recognises sounds and separates none")
        require_all(*row.needs, extra="torch", purpose=row.name)
        paths = self.files(row.name)
        return self._deferred(row.kind, paths, cutting, lambda: _card(row, paths), bag=row.bag)

    def has(self, name: str) -> bool:
        """Whether all files of the listed model `name` are here."""
        row = find_row(name)
        return row is not None and is_installed(row, self.weight_store)

    def files(self, name: str) -> list[Path]:
        """The files of the model `name`. Raises: ModelError saying how to get what is missing."""
        row = find_row(name)
        if row is None:
            raise ModelError(f"there is no model {name!r}; `sayso models` lists them")
        store = store_of(row, self.weight_store)
        return [store.require(file, model=name) for file in row.files]

    def use(self, key: Hashable, load: Callable[[], Loaded]) -> Loaded:
        """What `load` makes, once for as long as it is kept: for models that do not separate.

        Args:
            key: what it is kept under.
            load: called with no other model being loaded at the time.
        """
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = load()
            self._loaded.move_to_end(key)
            found: Loaded = self._loaded[key]
            while len(self._loaded) > self._kept:
                self._loaded.popitem(last=False)
            return found

    def release(self) -> None:
        """Lets go of every loaded model; what is asked for again is loaded again."""
        with self._lock:
            self._loaded.clear()

    def _deferred(
        self,
        kind: str,
        paths: list[Path],
        cutting: tuple[float | None, float | None],
        card: Callable[[], Card],
        *,
        bag: Bag | None = None,
    ) -> Separator:
        """One separator for the same files and cutting: what its card says is read once."""
        key = (kind, *paths, fingerprint(*paths), *cutting)
        with self._lock:
            if key not in self._opened:
                known = card()
                given = Loading(
                    name=known.name,
                    paths=tuple(paths),
                    folder=self.weight_store.folder,
                    threads=self.threads,
                    segment_s=cutting[0],
                    overlap=cutting[1],
                    bag=bag,
                )
                self._opened[key] = Deferred(
                    known, lambda: self.use(key, lambda: _engine(kind, given))
                )
            return self._opened[key]

    def _own(self, path: Path) -> tuple[str, list[Path]]:
        """The kind of a person's own model, and its files. Raises: ModelError."""
        if path.suffix == ".onnx":
            if read_metadata(path)["kind"] == unet.KIND:
                return "unet", [path]
            return "embedded", embedded.graphs_of(path)
        if path.suffix == ".ckpt":
            rest = next(row for row in ROWS if row.kind == "audiosep").files[1:]
            return "audiosep", [
                path,
                *(self.weight_store.require(file, model="audiosep") for file in rest),
            ]
        # Those of Demucs name their class; a denoiser's may be nothing but weights.
        if path.suffix == ".th" and "klass" not in without_prefix(read_pickled(path), ""):
            return "dns64", [path]
        if path.suffix in PATH_SUFFIXES:
            return "demucs", [path]
        raise ModelError(_unknown(str(path)))


@lru_cache(maxsize=2)
def shared_models(
    model: str | None = None,
    *,
    folder: str | Path | None = None,
    hub: str | Path | None = None,
    threads: int | None = None,
    segment_s: float | None = None,
    overlap: float | None = None,
    cache: str | Path | None = None,
) -> Models:
    """The registry of a whole process, such as a worker's, so that its models are loaded once.

    Args:
        model: as `Models` takes it.
        folder: where public weights are; None takes the platform's.
        hub: the Hugging Face hub's cache, which is looked into beside `folder`.
        threads: as `Models` takes it.
        segment_s: as `Models` takes it.
        overlap: as `Models` takes it.
        cache: folder for separated stems, or None to keep none.
    """
    store = None
    if folder is not None:
        store = WeightStore(Path(folder), hub=None if hub is None else Path(hub))
    return Models(
        model,
        weight_store=store,
        threads=threads,
        segment_s=segment_s,
        overlap=overlap,
        cache=None if cache is None else Path(cache),
    )


def load(
    name: str | Path | None = None,
    *,
    threads: int | None = None,
    segment_s: float | None = None,
    overlap: float | None = None,
    weight_store: WeightStore | None = None,
) -> Separator:
    """A separator from a registry of its own; see `Models` and `Models.open`."""
    models = Models(weight_store=weight_store, threads=threads)
    return models.open(name, segment_s=segment_s, overlap=overlap)


def _card(row: CatalogueRow, paths: Sequence[Path]) -> Card:
    supports = _module(row.kind).card(paths[0]).supports if row.taught else row.supports
    return Card(row.name, row.stems, row.offers, supports, trained=row.trained)


def _engine(kind: str, given: Loading) -> Engine:
    engine: Engine = _module(kind).load(given)
    return engine


def _module(kind: str) -> Any:
    """The module of this room that runs a kind of separator."""
    return import_module(f"sayso.separate.{kind}")


def _unknown(name: str) -> str:
    from rapidfuzz.process import extractOne

    names = [row.name for row in ROWS if row.separates]
    nearest = extractOne(name, names)
    hint = f"did you mean {nearest[0]!r}? " if nearest and nearest[1] > 60 else ""
    return (
        f"there is no model {name!r}; {hint}expected one of {', '.join(names)}, auto, "
        "or the path of an .onnx model or a checkpoint"
    )
