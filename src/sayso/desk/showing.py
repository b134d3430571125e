"""The knobs of all effects, as a page draws them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sayso.desk.effects import EFFECTS, field_range, numbers_of
from sayso.desk.knobs import Slider


def knobs_shown() -> list[dict[str, Any]]:
    """The knobs of all effects, in order, as plain data: each with its effect, range and neutral.

    `defaults` are the effect's other numbers, for a page that makes one.
    """
    shown = []
    for name, cls in EFFECTS.items():
        for knob in cls.knobs:
            plain = {"effect": name, **asdict(knob)}
            if isinstance(knob, Slider):
                low, high = field_range(name, knob.field)
                plain["low"] = low if knob.low is None else knob.low
                plain["high"] = high if knob.high is None else knob.high
                plain["neutral"] = dict(cls.neutral)[knob.field]
                others = [field for field in numbers_of(name) if field != knob.field]
                plain["defaults"] = {field: cls.model_fields[field].default for field in others}
            shown.append(plain)
    return shown
