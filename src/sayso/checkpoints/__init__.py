"""Other people's weights: reading their files without running them, and keeping them in a store."""

from sayso.checkpoints.fitting import build, fit, without_prefix
from sayso.checkpoints.packages import Member, Package
from sayso.checkpoints.pickled import ClassName, read_pickled
from sayso.checkpoints.weight_store import WeightFile, WeightStore, check_hash, fingerprint

__all__ = [
    "ClassName",
    "Member",
    "Package",
    "WeightFile",
    "WeightStore",
    "build",
    "check_hash",
    "fingerprint",
    "fit",
    "read_pickled",
    "without_prefix",
]
