"""Going from one sound to another without a bump or a hole in the level."""

from __future__ import annotations

import numpy as np

from sayso.audio.audio import Samples


def crossfade(out: Samples, into: Samples) -> Samples:
    """From `out` [C, T] to `into` [C, T] over their whole length, at an even power.

    Equal-power gains make two takes of the same sound swell by 3 dB, and linear ones make two
    unlike sounds dip by 3 dB; so the gains are matched to how alike the two are. Silence on
    either side makes it a plain fade.

    Source: Fink, Holters and Zoelzer 2016, "Signal-matched power-complementary cross-fading".
    """
    length = out.shape[-1]
    # Flat at both ends, so that the slope of the sound does not break there either.
    angle = (1 - np.cos(np.pi * (np.arange(length) + 0.5) / max(length, 1))) * (np.pi / 4)
    fading, rising = np.cos(angle), np.sin(angle)
    energy = float(np.sqrt(np.vdot(out, out) * np.vdot(into, into)))
    # Opposite phases would need gains without bound; there the dip is the lesser evil.
    alike = min(max(float(np.vdot(out, into)) / energy, 0.0), 1.0) if energy > 0 else 0.0
    even = 1 / np.sqrt(1 + 2 * alike * fading * rising)
    joined: Samples = (out * (fading * even) + into * (rising * even)).astype(np.float32)
    return joined
