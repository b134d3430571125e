"""The weights of a network that hears stereo, folded for one that hears a single channel.

On equal channels the two give the same answer: what the stereo network sees of left, right and
mid is summed into one, and of its two masks, which then mean the same, the mean is taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor


def fold_channels(stored: Mapping[str, Tensor], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`stored` with band splits and masks for two channels folded where `like` has them for one.

    Everything else is passed on as it is, fitting or not.
    """
    return {
        name: _folded(name, value, like[name]) if name in like else value
        for name, value in stored.items()
    }


def _folded(name: str, value: Tensor, like: Tensor) -> Tensor:
    if value.ndim != 3 or value.ndim != like.ndim:
        return value
    if name.startswith("split.weights") and 3 * value.shape[1] == 8 * like.shape[1]:
        parts = value.reshape(len(value), 8, -1, value.shape[2]).unbind(1)
        left_re, left_im, right_re, right_im, left, right, mid, _ = parts
        # |mid| of equal channels is sqrt(2) times the magnitude of each, |side| is nothing.
        one = (left_re + right_re, left_im + right_im, left + right + math.sqrt(2) * mid)
        return torch.stack(one, 1).reshape(like.shape)
    if name.startswith(("mask.weights", "mask.biases")) and value.shape[2] == 2 * like.shape[2]:
        return value.reshape(*value.shape[:2], 2, -1).mean(2)
    return value
