"""Editing in time: finding pauses, and playing a timeline."""

from sayso.edit.render import Edited
from sayso.edit.silence import find_silences

__all__ = ["Edited", "find_silences"]
