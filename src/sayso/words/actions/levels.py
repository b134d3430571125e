"""Level, dynamics and loudness: gain, compression, the limiter, LUFS."""

from __future__ import annotations

from sayso.desk import MIX, Compress, Gain, Limit, Loudness, Move, Normalise
from sayso.words.actions.changes import Declined, Scene
from sayso.words.amounts import (
    CEILING_DB,
    COMPRESSION,
    PLATFORM_LUFS,
    SILENT_DB,
    STRENGTHS,
    Strength,
    level_db,
    loudness_db,
    step,
)
from sayso.words.numbers import Quantity
from sayso.words.wishes import Aspect
from sayso.words.wording import number, spoken

_FACTORS = {"double": 2.0, "triple": 3.0, "half": 0.5}
# Bare numbers up to here are decibels, above it they are percent: "volume 50".
_MOST_DB = 24.0


# A level below it, without a unit, may as well be a loudness.
_LUFS = -12.0


def gain(aspect: Aspect, scene: Scene) -> list[Move]:
    """Louder or quieter, by decibels, by a factor of loudness or by a size; or set to a level."""
    if aspect.ranged is not None and aspect.ranged[1].unit == "db":
        return scene.set(Gain(db=aspect.ranged[1].value))
    decibels = aspect.number("db") or _bare(aspect)
    if decibels is not None:
        if (
            aspect.absolute
            and scene.target == MIX
            and not decibels.unit
            and decibels.value <= _LUFS
        ):
            raise Declined(
                "ambiguous",
                f"{number(decibels.value)} LUFS, or {number(decibels.value)} dB on the fader?",
                (
                    f"normalise to {decibels.value:g} LUFS",
                    f"set the volume to {decibels.value:g} dB",
                ),
            )
        if aspect.absolute:
            return scene.set(Gain(db=decibels.value))
        sign = aspect.sign if aspect.sign and not decibels.signed else 1
        return scene.move_by(Gain(db=sign * decibels.value))
    percent = aspect.number("percent") or aspect.number("")
    if percent is not None:
        return _by_percent(percent.value / 100, aspect, scene)
    times = aspect.number("x")
    factor = times.value if times is not None else _FACTORS.get(aspect.size)
    if factor is not None:
        # "Twice as quiet" is half as loud; "half as loud" says so itself.
        inverse = aspect.sign < 0 and factor > 1
        scale = level_db if aspect.detail == "volume" else loudness_db
        return scene.move_by(Gain(db=scale(1 / factor if inverse else factor)))
    if not (aspect.sign or aspect.wanted) and aspect.size == "normal":
        raise Declined(
            "ambiguous",
            f"Should {spoken(scene.target)} be louder or quieter, or more even?",
            ("turn it up by 3 dB", "even out the volume"),
        )
    if aspect.size == "max" and aspect.sign < 0:
        return scene.set(Gain(db=SILENT_DB))
    return scene.move_by(Gain(db=(aspect.sign or 1) * step("gain", aspect.size)))


def _bare(aspect: Aspect) -> Quantity | None:
    """A number without a unit that can only be decibels."""
    bare = aspect.number("")
    small = bare is not None and (bare.signed or abs(bare.value) <= _MOST_DB)
    return bare if small else None


def _by_percent(share: float, aspect: Aspect, scene: Scene) -> list[Move]:
    if aspect.absolute or not aspect.sign:
        return scene.set(Gain(db=level_db(share)))
    return scene.move_by(Gain(db=level_db(1 + aspect.sign * share)))


def compress(aspect: Aspect, scene: Scene) -> list[Move]:
    """Compression, low, medium or high; more and less go one notch up and down."""
    current = scene.current(Compress)
    if aspect.off:
        return scene.without(Compress)
    if aspect.sign < 0 or (aspect.sign > 0 and aspect.more):
        return _notch(aspect, scene, current)
    ratio = aspect.number("ratio")
    if ratio is not None:
        strength: Strength = "low" if ratio.value <= 2 else "medium" if ratio.value <= 4 else "high"
        return scene.set(Compress(amount=strength))
    return scene.set(Compress(amount=COMPRESSION.get(aspect.size, "medium")))


def _notch(aspect: Aspect, scene: Scene, current: object) -> list[Move]:
    if not isinstance(current, Compress):
        if aspect.sign > 0:
            return scene.set(Compress(amount="medium"))
        raise Declined(
            "unsupported",
            f"There is no compression on {spoken(scene.target)} to take back yet.",
            (f"light compression on the {scene.target}",),
        )
    notch = STRENGTHS.index(current.amount) + aspect.sign
    if notch < 0:
        return scene.without(Compress)
    return scene.set(Compress(amount=STRENGTHS[min(notch, len(STRENGTHS) - 1)]))


def loudness(aspect: Aspect, scene: Scene) -> list[Move]:
    """The integrated loudness, of the mix unless a target is named."""
    if aspect.off:
        return scene.without(Loudness)
    lufs = aspect.number("lufs") or aspect.number("")
    peak = aspect.number("db")
    if lufs is None and peak is not None:
        # Editors that normalise in dB mean the peak.
        return scene.set(Normalise(peak_db=-abs(peak.value)))
    if lufs is None:
        return scene.set(Loudness(lufs=PLATFORM_LUFS))
    if lufs.signed or not aspect.sign or aspect.absolute:
        # Nobody types a minus every time: 14 LUFS is -14.
        return scene.set(Loudness(lufs=-abs(lufs.value)))
    current = scene.current(Loudness)
    if not isinstance(current, Loudness):
        raise Declined(
            "unsupported",
            "I do not know how loud it is now; tell me the loudness that it should have.",
            ("normalize to -14 LUFS", "make it louder"),
        )
    return scene.set(Loudness(lufs=current.lufs + aspect.sign * lufs.value))


def limit(aspect: Aspect, scene: Scene) -> list[Move]:
    """A limiter, of the mix unless a target is named."""
    if aspect.off:
        return scene.without(Limit)
    ceiling = aspect.number("db") or aspect.number("")
    return scene.set(Limit(ceiling_db=-abs(ceiling.value) if ceiling else CEILING_DB))
