"""Sayso does things to sound because you said so."""

from __future__ import annotations

__version__ = "0.1.0"
