"""Work that may crash, hang or grow: in a process of its own, with bounds on time and memory."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import IO

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
        # By a thread: `communicate` sends nothing more once it has been interrupted.
        feeding = threading.Thread(target=_feed, args=(child.stdin, content), daemon=True)
        child.stdin = None
        feeding.start()
        try:
            said = None
            while said is None:
                watch.check()
                if time.monotonic() > until_s:
                    return None
                with suppress(subprocess.TimeoutExpired):
                    said, _ = child.communicate(timeout=_LOOK_S)
        finally:
            child.kill()
            feeding.join()
    return said if child.returncode == 0 else None


def _feed(pipe: IO[bytes] | None, content: bytes) -> None:
    """Writes `content` to a child that may end meanwhile."""
    assert pipe is not None
    with suppress(OSError), pipe:
        pipe.write(content)


def bound(cpu_s: int, memory_bytes: int) -> None:
    """Bounds this process; beyond `cpu_s` of processor time it dies, beyond memory it fails."""
    # Windows has no such bounds; there the time limit of the parent must do.
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
