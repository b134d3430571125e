"""Rendering: the one way to sound."""

from sayso.rendering.models import Models
from sayso.rendering.result import Result, Track
from sayso.rendering.tracks import render, timing

__all__ = ["Models", "Result", "Track", "render", "timing"]
