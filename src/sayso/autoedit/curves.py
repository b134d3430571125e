"""How much of a recording is kept at every threshold, for choosing one."""

from __future__ import annotations

from html import escape

import numpy as np

from sayso.autoedit.choose import Scores

_WIDTH, _HEIGHT, _MARGIN = 560, 320, 44
_STEPS = 20


def shares(scores: Scores) -> list[tuple[float, float]]:
    """Thresholds, falling, and the share that is kept at each: about every twentieth."""
    curve = scores.curve()
    kept = np.array([share for _, share in curve])
    wanted = np.arange(1, _STEPS + 1) / _STEPS
    chosen = np.unique(np.abs(kept[None] - wanted[:, None]).argmin(axis=1))
    return [curve[at] for at in chosen[::-1].tolist()]


def drawn(scores: Scores) -> str:
    """The whole curve as a picture: an SVG document that needs nothing beside it."""
    width, height = _WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN
    points, low = [f"M{_MARGIN} {_MARGIN}"], 0.0
    for threshold, share in scores.curve():
        # Up to its threshold this share is kept; thresholds rise from 0.
        points.append(f"V{_MARGIN + height * (1 - share):.1f}H{_MARGIN + width * threshold:.1f}")
        low = threshold
    points.append(f"V{_MARGIN + height}" if low < 1 else "")
    lines = []
    for at in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _MARGIN + width * at, _MARGIN + height * (1 - at)
        lines.append(f'<path d="M{x:.0f} {_MARGIN}v{height}M{_MARGIN} {y:.0f}h{width}"/>')
        lines.append(
            f'<text x="{x:.0f}" y="{_HEIGHT - _MARGIN + 16}" text-anchor="middle">{at:g}</text>'
        )
        lines.append(f'<text x="{_MARGIN - 6}" y="{y + 4:.0f}" text-anchor="end">{at:.0%}</text>')
    title = escape(f"kept at each threshold of the {scores.scorer}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'font-family="sans-serif" font-size="11"><title>{title}</title>'
        f'<rect width="100%" height="100%" fill="white"/><g stroke="#ddd" fill="none">'
        + "".join(line for line in lines if line.startswith("<path"))
        + "</g>"
        + "".join(line for line in lines if line.startswith("<text"))
        + f'<text x="{_WIDTH / 2:.0f}" y="20" text-anchor="middle" font-size="13">{title}</text>'
        f'<path d="{"".join(points)}" stroke="#9b2d5e" stroke-width="2" fill="none"/></svg>\n'
    )
