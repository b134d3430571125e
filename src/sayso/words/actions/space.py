"""Space: reverb, echo, and the place between left and right."""

from __future__ import annotations

from sayso.desk import MIX, Delay, Move, Pan, Reverb, Width
from sayso.words.actions.changes import Declined, Scene
from sayso.words.amounts import setting, step
from sayso.words.numbers import Quantity
from sayso.words.wishes import Aspect
from sayso.words.wording import spoken

_SIDES = {"left": -1.0, "right": 1.0, "centre": 0.0}


def reverb(aspect: Aspect, scene: Scene) -> list[Move]:
    """Reverb: set by name, size or percent; more and less are differences; none is 0."""
    current = scene.current(Reverb)
    if current is None and (aspect.off or (aspect.sign < 0 and not aspect.absolute)):
        raise _own(scene, "reverb")
    if aspect.off:
        return scene.set(Reverb(amount=0.0))
    amount = current.amount if isinstance(current, Reverb) else 0.0
    difference = _difference(aspect, amount, "reverb")
    if difference is not None:
        return scene.move_by(Reverb(amount=difference))
    return scene.set(Reverb(amount=_share(aspect, "reverb")))


def delay(aspect: Aspect, scene: Scene) -> list[Move]:
    """Echo, like reverb; a duration sets the time between echoes."""
    current = scene.current(Delay)
    if current is None and (aspect.off or (aspect.sign < 0 and not aspect.absolute)):
        raise _own(scene, "echo")
    if aspect.off:
        return scene.set(Delay(mix=0.0))
    mix = current.mix if isinstance(current, Delay) else 0.0
    time = aspect.number("s")
    if time is not None:
        return scene.set(Delay(time_s=time.value, mix=mix or setting("delay", aspect.size)))
    difference = _difference(aspect, mix, "delay")
    if difference is not None:
        return scene.move_by(Delay(mix=difference))
    return scene.set(Delay(mix=_share(aspect, "delay")))


def _own(scene: Scene, name: str) -> Declined:
    """The answer where the only reverb or echo is the recording's own."""
    return Declined(
        "unsupported",
        f"No {name} was added to {spoken(scene.target)}, and the recording's own {name} I cannot "
        "take away.",
        (f"make the {scene.target} clearer" if scene.target != MIX else "make it clearer",),
    )


def _difference(aspect: Aspect, amount: float, name: str) -> float | None:
    """How much more or less is wanted, None if an amount should be set."""
    if aspect.absolute:
        return None
    if aspect.size == "half" and aspect.number("percent", "") is None:
        return round(-amount / 2, 4) if amount else -step(name, "normal")
    if aspect.size == "double" and amount:
        return amount
    if not aspect.sign:
        return None
    number = _fraction(aspect)
    return aspect.sign * (step(name, aspect.size) if number is None else number)


def _share(aspect: Aspect, name: str) -> float:
    number = _fraction(aspect)
    return setting(name, aspect.size) if number is None else number


def _fraction(aspect: Aspect) -> float | None:
    number = aspect.number("percent", "")
    if number is None:
        return None
    return _part(number)


def _part(number: Quantity) -> float:
    """Bare numbers up to 1 are shares, above it percent."""
    share = number.unit == "" and number.value <= 1
    return number.value if share else round(number.value / 100, 4)


def width(aspect: Aspect, scene: Scene) -> list[Move]:
    """The stereo image: mono, narrower, wider, or a share of what it is."""
    share = _fraction(aspect)
    if aspect.off and not aspect.detail and aspect.size == "normal" and share is None:
        return scene.set(Width(amount=0.0))
    if share is not None and (aspect.absolute or not aspect.sign):
        return scene.set(Width(amount=share))
    change = share if share is not None else step("width", aspect.size)
    return scene.move_by(Width(amount=(aspect.sign or 1) * change))


def pan(aspect: Aspect, scene: Scene) -> list[Move]:
    """A place between left and right: by name, size or percent; "more to the left" moves it."""
    side = _SIDES.get(aspect.detail)
    number = aspect.number("percent", "")
    if aspect.off and side is None:
        return scene.set(Pan(position=0.0))
    if side is None:
        if number is not None and number.signed:
            return scene.set(
                Pan(position=number.value if abs(number.value) <= 1 else _part(number))
            )
        raise Declined(
            "ambiguous",
            "Where should it go, left or right?",
            (f"pan the {scene.target} left", f"pan the {scene.target} 30% right"),
        )
    if side == 0.0:
        return scene.set(Pan(position=0.0))
    if aspect.more and number is None:
        return scene.move_by(Pan(position=side * step("pan", aspect.size)))
    share = _part(number) if number is not None else setting("pan", aspect.size)
    return scene.set(Pan(position=side * share))
