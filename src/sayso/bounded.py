"""Work that may crash, hang or grow: in a process of its own, with bounds on time and memory."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress

from sayso.watch import SILENT, Watch

_LOOK_S = 0.2


def run_bounded(
    module: str,
    *arguments: str,
    content: bytes = b"",
    longest_s: float,
    watch: Watch = SILENT,
) -> bytes | None:
    """What `module` writes when it is run in a process of its own.

    The current folder is not searched for modules: whoever sent the file may have filled it.

    Args:
        module: run as `python -m`; it should call `bound` first.
        arguments: of its command line.
        content: its standard input.
        longest_s: after which it is stopped.
        watch: cancelling, polled while it works.

    Returns: its standard output, or None where it crashed or was stopped.
    Raises: Cancelled, once it has been stopped.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    until_s = time.monotonic() + longest_s
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        try:
            said, given = None, content or None
            while said is None:
                watch.check()
                if time.monotonic() > until_s:
                    return None
                with suppress(subprocess.TimeoutExpired):
                    said, _ = child.communicate(given, timeout=_LOOK_S)
                given = None  # what does not go in at once goes in later
        finally:
            child.kill()
    return said if child.returncode == 0 else None


def bound(cpu_s: int, memory_bytes: int) -> None:
    """Bounds this process; beyond `cpu_s` of processor time it dies, beyond memory it fails."""
    # Windows has no such bounds; there the time limit of the parent must do.
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
