"""What can be heard: targets settled against a separator, and offers where one is out of reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sayso.desk import MIX, NO, complement_of
from sayso.words.vocabulary import vocabulary

Supports = Callable[[str], bool]
# Either is the human voice: where only one can be heard, it is meant.
_TWINS = {"speech": "vocals", "vocals": "speech"}


@dataclass(frozen=True, slots=True)
class TargetResolver:
    """Asks whether a target can be heard, and what comes nearest if it cannot.

    `supports` is the separator's; None hears everything.
    """

    supports: Supports | None = None

    def find(self, target: str) -> str | None:
        """The name under which `target` can be heard, None if it cannot.

        An adjective is dropped where only the plain sound is heard: "lead guitar", "guitar".
        """
        left_out = complement_of(target)
        if left_out is not None:
            found = self.find(left_out)
            return found and NO + found
        if self.supports is None or target == MIX or self.supports(target):
            return target
        known = vocabulary()
        stand_ins = [f for f in known.families(target) if known.refines(target, f)]
        if target in _TWINS:
            stand_ins.append(_TWINS[target])
        return next((name for name in stand_ins if self.supports(name)), None)

    def nearest(self, target: str) -> str | None:
        """The sound nearest to `target` that can be heard."""
        target = complement_of(target) or target
        if self.supports is None:
            return None
        return next((name for name in vocabulary().near(target) if self.supports(name)), None)

    def names(self, most: int = 6) -> list[str]:
        """Some sounds that can be heard, the usual ones first."""
        usual = ("vocals", "drums", "bass", "guitar", "piano", "other", "speech", "noise")
        return [name for name in usual if self.supports is None or self.supports(name)][:most]
