"""Time: clips of a recording, playing them in a row, and exchanging them with other programs."""

from sayso.timeline.playback import Edited
from sayso.timeline.silence import find_silences
from sayso.timeline.timeline import CROSSFADE_S, Clip, Spans, Timeline, take, whole

__all__ = ["CROSSFADE_S", "Clip", "Edited", "Spans", "Timeline", "find_silences", "take", "whole"]
