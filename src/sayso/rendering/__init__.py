"""Rendering: the one way to sound."""

from sayso.clean.pipeline import SPEECH
from sayso.rendering.result import Result, Track
from sayso.rendering.tracks import render, timing

__all__ = ["SPEECH", "Result", "Track", "render", "timing"]
