"""The examples of `docs/words.md` run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "words.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=["state", "teaching"])
def test_an_example_runs(example):
    exec(compile(example, str(DOCS), "exec"), {})
