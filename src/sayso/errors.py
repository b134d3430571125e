"""Everything that can go wrong because of what a person gave us, and what to do about it.

::

    SaysoError
    |-- InputError             what came in cannot be used
    |   |-- FormatError            not audio, damaged, or a format that cannot be read
    |   |-- EmptyAudioError        no samples, or too few for what was asked
    |   |-- NotFiniteError         NaN or infinity among the samples
    |   |-- ShapeError             wrong number of axes, channels, frames or rate
    |   |-- SilenceError           all zeros where a level is needed
    |   `-- RangeError             a parameter outside its range
    |-- RequestError           the words or moves cannot be carried out
    |   |-- MoveError              a move that does not fit the desk
    |   |-- NothingToDoError       the words led to a reply, not to a change
    |   `-- UnknownTargetError     a sound that the chosen separator cannot hear
    |-- OutputError            the result cannot be written
    |-- ModelError             weights missing, damaged, or of another kind
    |   `-- MissingExtraError      a dependency is not installed, or does not load
    |-- ConfigError            a configuration with unknown or wrong fields
    |-- DataError              training data that cannot be used
    |-- QueueError             the queue of jobs cannot be reached or used
    |-- AccessError            whoever asks may not
    |   `-- TokenError             a token is missing, unknown or revoked
    |-- NotFoundError          there is no such session, render or track, or it is another's
    |-- LimitError             more than one person may ask for
    |   `-- TooLargeError          more bytes than are taken in
    `-- Cancelled              the person stopped it

Each message says what arrived, what was expected and what to do. `EXIT_CODES` and `HTTP_STATUSES`
are the only tables that turn them into numbers.
"""

from __future__ import annotations

from collections.abc import Mapping


class SaysoError(Exception):
    """The root; catch it to catch everything that is not a bug of ours."""


class InputError(SaysoError):
    """What came in cannot be used."""


class FormatError(InputError):
    """Not audio, damaged, or in a format that cannot be read."""


class EmptyAudioError(InputError):
    """No samples, or too few for what was asked."""


class NotFiniteError(InputError):
    """NaN or infinity among the samples."""


class ShapeError(InputError):
    """Wrong number of axes, channels or frames, or a rate that does not match."""


class SilenceError(InputError):
    """All zeros where a level is needed."""


class RangeError(InputError):
    """A parameter outside its range; the message says the range."""


class RequestError(SaysoError):
    """The words or moves cannot be carried out."""


class MoveError(RequestError):
    """A move that does not fit the desk it is applied to."""


class NothingToDoError(RequestError):
    """The words were answered, but nothing was asked of the audio."""


class UnknownTargetError(RequestError):
    """A sound that the chosen separator cannot hear; the message names what it can."""


class OutputError(SaysoError):
    """The result cannot be written where it was asked to go."""


class ModelError(SaysoError):
    """Weights are missing, damaged, or of another kind."""


class MissingExtraError(ModelError):
    """A dependency is not installed, or does not load; the message says what to install."""


class ConfigError(SaysoError):
    """A configuration with unknown or wrong fields."""


class DataError(SaysoError):
    """Training data that cannot be used."""


class QueueError(SaysoError):
    """The queue of jobs cannot be reached, or does not know what it was asked for."""


class AccessError(SaysoError):
    """Whoever asks may not."""


class TokenError(AccessError):
    """A token is missing, unknown or revoked."""


class NotFoundError(SaysoError):
    """There is no such session, render or track, or it is another person's."""


class LimitError(SaysoError):
    """More than one person may ask for; the message names the limit."""


class TooLargeError(LimitError):
    """More bytes than are taken in."""


class Cancelled(SaysoError):  # noqa: N818  (it is no failure)
    """The person stopped the work; nothing half-written is left."""


EXIT_CODES: Mapping[type[SaysoError], int] = {
    InputError: 3,
    RequestError: 4,
    OutputError: 5,
    ModelError: 6,
    ConfigError: 7,
    DataError: 8,
    QueueError: 9,
    AccessError: 10,
    NotFoundError: 11,
    LimitError: 12,
    Cancelled: 130,
}

HTTP_STATUSES: Mapping[type[SaysoError], int] = {
    InputError: 422,
    RequestError: 409,
    UnknownTargetError: 422,
    OutputError: 507,
    ModelError: 503,
    ConfigError: 400,
    DataError: 422,
    QueueError: 503,
    AccessError: 403,
    TokenError: 401,
    NotFoundError: 404,
    LimitError: 429,
    TooLargeError: 413,
    Cancelled: 499,
}


def lookup(error: SaysoError, table: Mapping[type[SaysoError], int], default: int) -> int:
    """The number of the nearest ancestor of `error` in `table`.

    >>> lookup(EmptyAudioError("no samples"), EXIT_CODES, 1)
    3
    """
    for cls in type(error).__mro__:
        if cls in table:
            return table[cls]
    return default
