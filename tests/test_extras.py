"""Optional dependencies."""

from __future__ import annotations

import pytest

from sayso.errors import MissingExtraError
from sayso.extras import require, require_all


def test_a_missing_extra_says_what_to_install():
    with pytest.raises(MissingExtraError, match=r'parrot needs no_such_module.*"sayso\[torch\]"'):
        require("no_such_module", extra="torch", purpose="parrot")
    with pytest.raises(MissingExtraError, match=r"parrot needs no_one and no_two, which"):
        require_all("no_one", "json", "no_two", extra="torch", purpose="parrot")
