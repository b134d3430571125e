"""`sayso cache` and `sayso completion`."""

from __future__ import annotations

from argparse import Namespace

from sayso.cli.opening import cache_limit, stem_cache
from sayso.cli.terminal import say, show_json, show_table


def show(arguments: Namespace) -> int:
    """Prints what the kept stems take, and may take."""
    cache = stem_cache()
    sizes = cache.sizes()
    total, limit = sum(sizes.values()), cache_limit()
    if arguments.json:
        show_json(
            {"folder": str(cache.folder), "stems": len(sizes), "bytes": total, "limit": limit}
        )
        return 0
    rows = [
        ("folder", str(cache.folder)),
        ("stems", str(len(sizes))),
        ("size", _size(total)),
        ("at most", _size(limit)),
    ]
    show_table(("cache", ""), rows)
    return 0


def clear(arguments: Namespace) -> int:
    """Deletes the kept stems, or the least recently used of them, and says how much that freed."""
    cache = stem_cache()
    before = sum(cache.sizes().values())
    cache.trim(arguments.to)
    after = sum(cache.sizes().values())
    if arguments.json:
        show_json({"folder": str(cache.folder), "freed": before - after, "bytes": after})
    else:
        say(f"{_size(before - after)} freed; {_size(after)} are kept in {cache.folder}")
    return 0


def completion(arguments: Namespace) -> int:
    """Prints what a shell needs to complete the commands and options of Sayso."""
    from argcomplete.shell_integration import shellcode

    say(shellcode(["sayso"], shell=arguments.shell).rstrip())
    return 0


def _size(count: int) -> str:
    """Bytes as a person reads them.

    >>> _size(1_500_000_000), _size(0)
    ('1.5 GB', '0.0 MB')
    """
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
