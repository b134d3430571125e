"""What an action gives back: moves for one target, or a reason why there are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sayso.desk import Adjust, AnyEffect, Desk, Gain, Move, Reset

if TYPE_CHECKING:
    from sayso.measure.tempo_key import TempoKey

Reason = Literal["unsupported", "off_topic", "ambiguous", "help"]


class Declined(Exception):  # noqa: N818  (an answer, not an error)
    """A wish that is answered instead of being done; caught by the interpreter alone."""

    def __init__(
        self,
        reason: Reason,
        text: str,
        suggestions: tuple[str, ...] = (),
        *,
        asks: str = "",
        template: str = "",
    ) -> None:
        """What is answered.

        Args:
            reason: why it is not done.
            text: the answer.
            suggestions: what can be asked for instead.
            asks: what the person is asked for: "targets", "aspect", "times", "bpm", "place".
            template: the order with {} in the place of that; "" takes the person's own words.
        """
        super().__init__(text)
        self.reason: Reason = reason
        self.text = text
        self.suggestions = suggestions
        self.asks = asks
        self.template = template


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an action takes place: the target it is for, and the desk as it is by then.

    An action may leave `notes` for the person, and ask for the tempo of the `music`, where there
    is a recording: it gives None where that is only heard when it is rendered.
    """

    target: str
    desk: Desk
    notes: list[str] = field(default_factory=list)
    music: Callable[[], TempoKey | None] | None = None

    def set(self, *effects: AnyEffect) -> list[Move]:
        """The effects as they should be."""
        return [Adjust(target=self.target, effects=effects)]

    def move_by(self, *effects: AnyEffect) -> list[Move]:
        """The effects as differences from what is set."""
        return [Adjust(target=self.target, relative=True, effects=effects)]

    def current(self, kind: type[AnyEffect]) -> AnyEffect | None:
        """The effect of this kind in the target's chain."""
        effects = self.desk.strip(self.target).effects
        return next((effect for effect in effects if isinstance(effect, kind)), None)

    def without(self, *kinds: type[AnyEffect]) -> list[Move]:
        """The chain without effects of these kinds: all of it is taken off and the rest put back.

        Nothing where there are none.
        """
        strip = self.desk.strip(self.target)
        rest = tuple(effect for effect in strip.effects if not isinstance(effect, kinds))
        if len(rest) == len(strip.effects):
            return []
        moves: list[Move] = [Reset(target=self.target)]
        level = (Gain(db=strip.gain_db),) if strip.gain_db else ()
        if level or rest:
            moves.append(Adjust(target=self.target, effects=level + rest))
        return moves
