"""Other people's weights: reading their files without running them, and keeping them on a shelf."""

from sayso.checkpoints.fitting import build, fit, without_prefix
from sayso.checkpoints.pickled import ClassName, read_pickled
from sayso.checkpoints.shelf import Shelf, WeightFile, check_hash, fingerprint

__all__ = [
    "ClassName",
    "Shelf",
    "WeightFile",
    "build",
    "check_hash",
    "fingerprint",
    "fit",
    "read_pickled",
    "without_prefix",
]
