"""Work that may crash, hang or grow: in a process of its own, with bounds on time and memory."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress


def run_bounded(
    module: str, *arguments: str, content: bytes = b"", longest_s: float
) -> bytes | None:
    """What `module` writes when it is run in a process of its own.

    The current folder is not searched for modules: whoever sent the file may have filled it.

    Args:
        module: run as `python -m`; it should call `bound` first.
        arguments: of its command line.
        content: its standard input.
        longest_s: after which it is stopped.

    Returns: its standard output, or None where it crashed or was stopped.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    try:
        done = subprocess.run(
            command,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=longest_s,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None


def bound(cpu_s: int, memory_bytes: int) -> None:
    """Bounds this process; beyond `cpu_s` of processor time it dies, beyond memory it fails."""
    # Windows has no such bounds; there the time limit of the parent must do.
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
