"""From the aspects of a wish to moves on one target, one family of aspects a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sayso.desk import Compress, Delay, Eq, Filter, Move, Pan, Pitch, Reverb
from sayso.desk.treatments import Chorus, Deess, Distort, Gate
from sayso.words.actions.changes import Declined, Scene
from sayso.words.actions.levels import compress, gain, limit, loudness
from sayso.words.actions.presets import preset
from sayso.words.actions.space import delay, pan, reverb, width
from sayso.words.actions.time import pitch, tempo
from sayso.words.actions.tone import eq, filters, rumble
from sayso.words.actions.treatments import (
    chorus,
    declick,
    deess,
    dehum,
    distort,
    gate,
    normalise,
    one_channel,
    sample_rate,
    swap,
)
from sayso.words.wishes import Aspect

Action = Callable[[Aspect, Scene], list[Move]]

ACTIONS: Mapping[str, Action] = {
    "gain": gain,
    "compress": compress,
    "loudness": loudness,
    "limit": limit,
    "eq": eq,
    "filter": filters,
    "rumble": rumble,
    "reverb": reverb,
    "delay": delay,
    "pan": pan,
    "width": width,
    "pitch": pitch,
    "tempo": tempo,
    "preset": preset,
    "swap": swap,
    "dehum": dehum,
    "declick": declick,
    "deess": deess,
    "gate": gate,
    "distort": distort,
    "chorus": chorus,
    "normalise": normalise,
    "one channel": one_channel,
    "sample rate": sample_rate,
}
# Aspects that belong to the whole unless a sound is named.
OF_THE_MIX = frozenset(
    {"loudness", "limit", "tempo", "swap", "normalise", "one channel", "sample rate"}
)
# The effect that an aspect sets, where less of it can only mean sounds that have it.
KINDS: Mapping[str, type] = {
    "reverb": Reverb,
    "delay": Delay,
    "pitch": Pitch,
    "compress": Compress,
    "filter": Filter,
    "eq": Eq,
    "pan": Pan,
    "distort": Distort,
    "chorus": Chorus,
    "gate": Gate,
    "deess": Deess,
}

__all__ = ["ACTIONS", "KINDS", "OF_THE_MIX", "Action", "Declined", "Scene"]
