"""Running other people's pickles without trusting them: what they may ask for, and how much.

A pickle is a program. `Unpickler` finds no name but those that its heir lends, calls nothing else,
alters nothing but dictionaries and lists, and bounds what a few bytes may come to: a place in the
memo that needs gigabytes, an array announced and never sent, numbers of a million digits, keys
that take an hour to hash, the same text copied a million times. Python's own unpickler in C has no
place for such bounds; the one in Python has, and the pickle of a checkpoint is short.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

_MOST_STEPS = 4_000_000
_MOST_NODES = 1_000_000
_DEEPEST = 100
_INTEGER_BYTES = 255
_LARGEST_KEY = 1 << 31


class Refused(pickle.UnpicklingError):
    """The file asks for something that is none of its business."""


class _TooMuch(Refused):
    """A file of few bytes that would take far more."""

    def __init__(self) -> None:
        super().__init__("it would take far more time or memory than weights of its size need")


class Lent:
    """A function that a pickle may call, wrapped so that it cannot be altered."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        """What the function makes of `arguments`."""
        return self._function(*arguments)

    def __setstate__(self, state: object) -> None:
        raise Refused("it alters a function")


class NumberType:
    """A numpy number type under construction."""

    __slots__ = ("type",)

    def __init__(self, code: object, *_: Any) -> None:
        self.type = np.dtype(text(code)[:8])
        if self.type.kind not in "biuf":
            raise Refused(f"its pickle makes a numpy object of type {text(code)[:40]!r}")

    def __setstate__(self, state: Any) -> None:
        if state[1] == ">":
            raise ValueError("its numbers are big-endian")


def text(value: object) -> str:
    """`value`, which must be text: to print anything else may take for ever. Raises: ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"a {type(value).__name__} lies where text belongs")
    return value


def encoded(value: object, encoding: str = "latin1") -> bytes:
    """How protocol 2 spells bytes."""
    return text(value).encode("latin1")


def ordered(pairs: object = ()) -> OrderedDict[Any, Any]:
    """An ordered dictionary of pairs. Raises: ValueError for keys that are none."""
    if not isinstance(pairs, list | tuple):
        raise ValueError("a dictionary is made of something other than pairs")
    for key, _ in pairs:
        _check_key(key)
    return OrderedDict(pairs)


class _Meter:
    """A file that gives no more than `most_bytes` in `_MOST_STEPS` reads."""

    def __init__(self, file: Any, most_bytes: int) -> None:
        self._file, self._left, self._steps = file, most_bytes, _MOST_STEPS

    def read(self, size: int) -> bytes:
        """The next `size` bytes. Raises: Refused beyond the bounds, EOFError where they end."""
        self._count(size)
        found: bytes = self._file.read(size)
        if len(found) < size:
            raise EOFError("it ends before it should")
        return found

    def readline(self) -> bytes:
        """The rest of the line. Raises: as `read`."""
        found: bytes = self._file.readline()
        self._count(len(found))
        if not found.endswith(b"\n"):
            raise EOFError("it ends before it should")
        return found

    def _count(self, size: int) -> None:
        self._left -= size
        self._steps -= 1
        if size < 0 or self._left < 0 or self._steps < 0:
            raise _TooMuch


class Unpickler(pickle._Unpickler):
    """An unpickler that gives what its heir's `find_class` and `persistent_load` lend.

    Args:
        file: at the pickle's first byte.
        most_bytes: of the pickle; a longer one is refused.
    """

    dispatch: ClassVar[dict[int, Callable[..., None]]]
    restored: ClassVar[tuple[Any, ...]] = (Lent, NumberType)
    """What a pickle may give a state to, beside dictionaries, whose it is not needed."""
    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]
    read: Callable[[int], bytes]

    def __init__(self, file: Any, *, most_bytes: int) -> None:
        super().__init__(_Meter(file, most_bytes), encoding="utf-8")
        self._work = most_bytes

    def load(self) -> Any:
        """The one object in the pickle.

        Raises: Refused; whatever else a damaged pickle may raise.
        """
        found = super().load()
        _check_extent(found)
        return found

    def _charge(self, values: Sequence[Any]) -> None:
        """Raises Refused once calls were given more than the pickle could hold."""
        self._work -= sum(len(v) for v in values if isinstance(v, str | bytes | list | tuple))
        if self._work < 0:
            raise _TooMuch

    def _call(self) -> None:
        arguments = self.stack.pop()
        function = self.stack[-1]
        if not isinstance(function, Lent) or not isinstance(arguments, tuple):
            raise Refused("it calls something that is no function")
        self._charge(arguments)
        self.stack[-1] = function(*arguments)

    def _build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, OrderedDict):
            return  # what torch notes beside a dictionary of weights, of no use here
        if not isinstance(target, self.restored):
            raise Refused("it alters what is not its own")
        self._charge(state if isinstance(state, tuple) else ())
        target.__setstate__(state)

    def _set_items(self) -> None:
        items = self.pop_mark()
        self._fill(self.stack[-1], items)

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._fill(self.stack[-1], (key, value))

    def _dictionary(self) -> None:
        items = self.pop_mark()
        self.append(self._fill({}, items))

    def _append(self) -> None:
        value = self.stack.pop()
        _list(self.stack[-1]).append(value)

    def _extend(self) -> None:
        items = self.pop_mark()
        _list(self.stack[-1]).extend(items)

    def _fill(self, target: Any, items: Sequence[Any]) -> Any:
        if not isinstance(target, dict):
            raise Refused("it alters what is no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            _check_key(key)
            target[key] = value
        return target

    def _skip_frame(self) -> None:
        self.read(8)  # how much to read ahead is a hint

    def _long(self) -> None:
        size = int.from_bytes(self.read(4), "little", signed=True)
        if not 0 <= size <= _INTEGER_BYTES:
            raise _TooMuch
        self.append(int.from_bytes(self.read(size), "little", signed=True))

    def _refuse(self) -> None:
        raise Refused("its pickle asks for what weights have no use for")


_BOUNDED: Mapping[bytes, Callable[[Any], None]] = {
    pickle.REDUCE: Unpickler._call,
    pickle.BUILD: Unpickler._build,
    pickle.SETITEM: Unpickler._set_item,
    pickle.SETITEMS: Unpickler._set_items,
    pickle.DICT: Unpickler._dictionary,
    pickle.APPEND: Unpickler._append,
    pickle.APPENDS: Unpickler._extend,
    pickle.FRAME: Unpickler._skip_frame,
    pickle.LONG4: Unpickler._long,
}
_REFUSED = (
    *(pickle.NEWOBJ, pickle.NEWOBJ_EX, pickle.INST, pickle.OBJ, pickle.EXT1, pickle.EXT2),
    *(pickle.EXT4, pickle.EMPTY_SET, pickle.ADDITEMS, pickle.FROZENSET, pickle.BYTEARRAY8),
    *(pickle.NEXT_BUFFER, pickle.READONLY_BUFFER),
)
Unpickler.dispatch = (
    pickle._Unpickler.dispatch
    | {code[0]: bounded for code, bounded in _BOUNDED.items()}
    | dict.fromkeys((code[0] for code in _REFUSED), Unpickler._refuse)
)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refused("it alters what is no list")
    return value


def _check_key(key: object) -> None:
    """Raises Refused for keys that may take for ever to hash or to find."""
    small = isinstance(key, int) and -_LARGEST_KEY < key < _LARGEST_KEY
    if not (key is None or small or isinstance(key, str | bytes)):
        raise Refused(f"a dictionary in it has a key of type {type(key).__name__}")


def _check_extent(value: Any) -> None:
    """Raises Refused for what is so deep or wide that whoever goes through it would never end.

    What is shared counts as often as it is met.
    """
    left, level = _MOST_NODES, [value]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for one in level:
            parts = one.values() if isinstance(one, dict) else one
            if isinstance(one, dict | list | tuple):
                left -= 1 + len(one)
                if left < 0:
                    raise _TooMuch
                below += [part for part in parts if isinstance(part, dict | list | tuple)]
        if not below:
            return
        level = below
    raise _TooMuch
