"""The architecture as a test: each room imports only from those before it."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sayso

ROOT = Path(sayso.__file__).parent
ORDER = (
    {"errors", "described", "__init__"},
    {"configuration", "optional", "atomic", "value", "watch"},
    {"bounded"},
    {"audio"},
    {"outputs"},
    {"timeline", "networks", "demo", "checkpoints"},
    {"desk"},
    {"effects", "separate", "align", "measure"},
    {"autoedit", "clean", "words"},
    {"rendering"},
    {"conversation", "reports", "voices"},
    {"studio"},
    {"train", "jobs"},
    {"batch"},
    {"service"},
    {"cli"},
    {"__main__"},
)
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
MODULES = sorted(ROOT.rglob("*.py"))
LONGEST, LONGEST_NETWORK = 400, 600


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def module_of(path: Path) -> str:
    parts = ("sayso", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {module_of(path) for path in MODULES}


def imports_of(path: Path) -> set[str]:
    """The modules of ours that one imports, also within functions and for types alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {name if name in NAMES else str(node.module) for name in names}
    return (found & NAMES) - {module_of(path), "sayso"}  # the lazy door is no way through


def test_no_module_is_reached_from_itself():
    TopologicalSorter({module_of(path): imports_of(path) for path in MODULES}).prepare()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_import_only_from_their_left(path):
    room = room_of(path)
    if path == ROOT / "__init__.py":
        return  # it imports what it is asked for
    assert room in RANK, f"{room} is no room; add it to DESIGN's table and to this test"
    for other in {name.split(".")[1] for name in imports_of(path)} - {room}:
        assert RANK[other] < RANK[room], f"{path.name} of {room} imports {other}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_small(path):
    lines = path.read_text().count("\n")
    assert lines <= (LONGEST_NETWORK if room_of(path) == "networks" else LONGEST)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, f"{path.name}: {node.name} is too long"
            if node.name == "__init__":
                assert len(node.args.args) + len(node.args.kwonlyargs) <= 9, path.name


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import sayso", ["numpy", "torch", "onnxruntime", "scipy", "pedalboard", "pydantic"]),
        ("import sayso.cli.parser", ["numpy", "torch", "onnxruntime", "pydantic", "rich"]),
        ("import sayso.words", ["numpy", "torch", "scipy", "onnxruntime"]),
        ("import sayso.studio", ["torch", "onnxruntime", "scipy.signal", "pedalboard"]),
    ],
)
def test_importing_loads_no_more_than_it_must(statement, absent):
    code = f"{statement}; import sys; print([m for m in {absent!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
