"""No test here may take more than some memory, whatever a file claims to hold."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

MOST_MORE_BYTES = 2 << 30


@pytest.fixture(autouse=True)
def bounded_memory():
    """What a test may map beyond what there is already; more is a MemoryError."""
    if sys.platform != "linux":
        yield
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + MOST_MORE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)
