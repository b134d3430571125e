"""Rendering: the one way to sound."""

from sayso.rendering.render import render, timing
from sayso.rendering.result import Result, Track, file_name

__all__ = ["Result", "Track", "file_name", "render", "timing"]
