"""Optional dependencies."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES

import pytest

from sayso.errors import MissingExtraError
from sayso.optional import require, require_all


def test_a_missing_extra_says_what_to_install():
    with pytest.raises(MissingExtraError, match=r'parrot needs no_such_module.*"sayso\[torch\]"'):
        require("no_such_module", extra="torch", purpose="parrot")
    with pytest.raises(MissingExtraError, match=r"parrot needs no_one and no_two, which"):
        require_all("no_one", "json", "no_two", extra="torch", purpose="parrot")
    with pytest.raises(MissingExtraError, match=r"installed: pip install sayso$"):
        require("no_such_module", extra=None, purpose="parrot")


def test_a_module_that_does_not_load_says_why(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / f"torn{EXTENSION_SUFFIXES[0]}").write_bytes(b"\x7fELF")
    with pytest.raises(MissingExtraError, match=r"parrot needs torn, which does not load here: "):
        require("torn", extra=None, purpose="parrot")
    linked = "libatomic.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "linked.py").write_text(f"raise ImportError({linked!r})")
    with pytest.raises(MissingExtraError, match=r"libatomic\.so\.1.*apt-get install libatomic1$"):
        require("linked", extra=None, purpose="parrot")
