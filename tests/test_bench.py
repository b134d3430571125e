"""The benches still fit the code that they measure, and their page says what was left out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[1] / "bench"
SCRIPTS = sorted(path.stem for path in BENCH.glob("*.py"))
_IMPORT = """
import ast, importlib.util, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    tree = ast.parse(open(f"{sys.argv[1]}/{name}.py").read())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("sayso"):
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
        elif isinstance(node, ast.ImportFrom) and node.module in sys.argv[2:]:
            module = importlib.import_module(node.module)
            assert all(hasattr(module, alias.name) for alias in node.names), (name, node.module)
"""


def test_what_the_benches_name_is_there():
    command = [sys.executable, "-c", _IMPORT, str(BENCH), *SCRIPTS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr


def test_a_page_of_what_was_measured_and_what_was_left_out(tmp_path):
    page = tmp_path / "page.md"
    command = [sys.executable, "-m", "bench", "--quick", "--out", str(page)]
    done = subprocess.run(
        [*command, "--only", "songs", "speech", "starting"],
        cwd=BENCH.parent,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    text = page.read_text()
    assert "| numpy |" in text and "| cores that may be used |" in text
    assert "Left out: needs --songs." in text
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| sayso --help")]
    assert float(rows[0][3]) > 1
    assert text.rpartition("## Starting")[2].strip() in done.stdout


def test_unknown_parts_are_refused():
    command = [sys.executable, "-m", "bench", "--only", "everything"]
    done = subprocess.run(command, cwd=BENCH.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "starting" in done.stderr
