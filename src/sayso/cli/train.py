"""`sayso train`: a separator of one's own."""

from __future__ import annotations
