"""Effects that name the tempo or the key that music shall have, given the one that it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sayso.audio import Audio
from sayso.desk import MIX, Adjust, AnyEffect, Desk, Key, Move, Pitch, Stretch, Tempo
from sayso.desk.effects import field_range
from sayso.desk.keys import semitones
from sayso.errors import RangeError, RequestError
from sayso.measure.tempo_key import TempoKey, tempo_key
from sayso.watch import SILENT, Watch

MEASURED = (Tempo, Key)


def carried_out(desk: Desk, audio: Audio, *, watch: Watch = SILENT) -> Desk:
    """`desk` with a stretch and a pitch in the place of a tempo and a key that were named.

    Args:
        desk: any; without such effects it is given back.
        audio: the recording, which is heard where the desk does not say what it has.
        watch: polled while it is heard.
    Raises: as `settled_effects`, Cancelled.
    """
    strip = desk.strip(MIX)
    if not any(isinstance(effect, MEASURED) for effect in strip.effects):
        return desk
    effects = settled_effects(strip.effects, lambda: tempo_key(audio, watch=watch.quiet))
    kinds = {type(new) for new, old in zip(effects, strip.effects, strict=True) if new is not old}
    kept = tuple(  # what was set before is replaced, not added to
        new
        for new, old in zip(effects, strip.effects, strict=True)
        if new is not old or type(old) not in kinds
    )
    strips = {**desk.strips, MIX: strip.model_copy(update={"effects": kept})}
    return desk.model_copy(update={"strips": strips})


def settled_moves(moves: Sequence[Move], music: Callable[[], TempoKey]) -> list[Move]:
    """`moves` with their effects as `settled_effects` gives them."""

    def settled(move: Move) -> Move:
        if not isinstance(move, Adjust) or move.target != MIX:
            return move
        effects = settled_effects(move.effects, music)
        return move if effects == move.effects else Adjust(target=MIX, effects=effects)

    return list(map(settled, moves))


def settled_effects(
    effects: Sequence[AnyEffect], music: Callable[[], TempoKey]
) -> tuple[AnyEffect, ...]:
    """`effects` with those that name a tempo or a key made into how much that is.

    Args:
        effects: of the whole mix.
        music: what is heard, asked only where it is needed.
    Raises: RequestError where that is not sure, RangeError for what is too far away.
    """

    def settled(effect: AnyEffect) -> AnyEffect:
        if isinstance(effect, Tempo):
            return _stretch(effect, music)
        return _pitch(effect, music) if isinstance(effect, Key) else effect

    return tuple(map(settled, effects))


def _stretch(effect: Tempo, music: Callable[[], TempoKey]) -> Stretch:
    now = effect.from_bpm
    if now is None:
        heard = music()
        now = heard.sure_bpm
        if now is None:
            raise RequestError(
                f"tempo: {heard.worded[0]} in this recording, which is not sure enough to go by; "
                "say the tempo that it has as well (from_bpm)"
            )
    low, high = field_range("stretch", "rate")
    rate = effect.bpm / now
    if not low <= rate <= high:
        raise RangeError(
            f"tempo: from {now:g} to {effect.bpm:g} beats a minute is {rate:.2f} times as fast; "
            f"expected {low:g} to {high:g}"
        )
    return Stretch(rate=round(rate, 6))


def _pitch(effect: Key, music: Callable[[], TempoKey]) -> Pitch:
    now = effect.from_key
    if now is None or " " not in now:
        heard = music()
        now = heard.sure_key
        if now is None:
            raise RequestError(
                f"key: {heard.worded[1]} in this recording, which is not sure enough to go by; "
                "say the key that it has as well, with major or minor (from_key)"
            )
    return Pitch(semitones=float(semitones(now, effect.key, effect.way)))
