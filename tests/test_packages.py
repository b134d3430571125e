"""The wheel: whole, without tests, and enough for the main job with nothing but its own needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import sayso

ROOT = Path(__file__).resolve().parents[1]
_HIDE = """
import sys

HIDDEN = frozenset({hidden!r})

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            return None
        return self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (made,) = out.glob("*.whl")
    return made


def test_the_wheel_is_whole_and_holds_no_more(wheel):
    package = Path(sayso.__file__).parent
    expected = {
        f"sayso/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        told = archive.read(metadata).decode()
    assert names == expected
    assert {"sayso/weights/sayso.onnx", "sayso/service/static/index.html"} <= names
    assert "License-Expression: GPL-3.0-or-later" in told


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needs(name: str, extras: tuple[str, ...] = ()) -> set[str]:
    """The distributions that `name` needs, and what these need."""
    found: set[str] = set()
    waiting = [(name, extras)]
    while waiting:
        name, extras = waiting.pop()
        if plain(name) in found:
            continue
        try:
            listed = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # for another system
        found.add(plain(name))
        for text in listed:
            one = Requirement(text)
            if one.marker is None or any(
                one.marker.evaluate({"extra": extra}) for extra in (*extras, "")
            ):
                waiting.append((one.name, tuple(one.extras)))
    return found


def but_for(name: str, extras: tuple[str, ...] = ()) -> list[str]:
    """The modules that would not be there if only `name` were installed."""
    kept = needs(name, extras) | {"pip", "setuptools"}
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if not kept & {plain(owner) for owner in owners}
    )


@pytest.fixture(scope="module")
def alone(wheel, tmp_path_factory):
    """Runs `sayso` out of the wheel, where nothing is installed but what it needs."""
    place = tmp_path_factory.mktemp("alone")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "package")
    hidden = but_for("sayso")
    assert {"torch", "fastapi", "dbos", "mcp"} <= set(hidden)
    assert not {"numpy", "onnxruntime", "rich"} & set(hidden)
    (place / "package" / "sitecustomize.py").write_text(_HIDE.format(hidden=hidden))
    environment = {
        **os.environ,
        "PYTHONPATH": str(place / "package"),
        "SAYSO_CACHE": str(place / "cache"),
        "SAYSO_MODELS": str(place / "models"),
    }

    def run(*arguments, **more):
        done = subprocess.run(
            [sys.executable, "-m", "sayso", *arguments],
            cwd=place,
            env=environment | more,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    for command in (
        ("demo", "-o", "song.wav"),
        ("edit", "apply", "song.wav", "--by", "level", "--keep", "0.5", "-o", "cut.rpp"),
    ):
        assert run(*command).returncode == 0
    (place / "a.th").write_bytes(b"PK")
    return place, run


def test_the_main_job_needs_no_extra(alone):
    place, run = alone
    words = "take the vocals out and put some reverb on the drums"
    for arguments in (
        ("ask", "song.wav", words),
        ("edit", "render", "cut.rpp", "-o", "cut.wav"),
        ("models",),
    ):
        done = run(*arguments)
        assert done.returncode == 0, done.stderr
    assert (place / "sayso-out" / "song" / "mix.wav").stat().st_size > 1_000_000


def test_a_library_that_the_system_lacks_is_named(alone):
    """A bare Debian has no libatomic, with which the wheels of pedalboard are linked."""
    place, run = alone
    (place / "bare").mkdir()
    missed = "libatomic.so.1: cannot open shared object file: No such file or directory"
    (place / "bare" / "pedalboard.py").write_text(f"raise ImportError({missed!r})")
    path = os.pathsep.join([str(place / "bare"), str(place / "package")])
    done = run("ask", "song.wav", "put some reverb on it", PYTHONPATH=path)
    assert done.returncode == 6, done.stderr
    assert "reverb needs pedalboard" in done.stderr
    assert done.stderr.endswith("apt-get install libatomic1\n")


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ("torch", ["ask", "song.wav", "mute the drums", "--model", "a.th"]),
        ("torch", ["edit", "learn", "song.wav", "song.wav", "-o", "me.editor"]),
        ("edit", ["edit", "export", "cut.rpp", "-o", "a.otio"]),
        ("train", ["train", "separator", "a.yaml"]),
        ("train", ["train", "export", "a", "-o", "a.onnx"]),
        ("batch", ["clean", "song.wav", "song.wav", "-j", "2"]),
        ("batch", ["worker", "--queue", "postgresql://me@db/jobs"]),
        ("serve", ["serve"]),
        ("serve", ["token", "list"]),
        ("mcp", ["mcp"]),
        ("llm", ["ask", "song.wav", "mute the drums"]),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:2]),
)
def test_what_an_extra_is_needed_for_says_so(alone, extra, arguments):
    _, run = alone
    done = run(*arguments, **({"SAYSO_LLM": "ollama:qwen3"} if extra == "llm" else {}))
    assert done.returncode == 6, done.stderr
    assert f"sayso[{extra}]" in done.stderr


def test_the_benches_need_their_extra_alone(tmp_path):
    hidden = but_for("sayso", ("bench",))
    assert {"fastapi", "dbos", "pytest"} <= set(hidden)
    (tmp_path / "sitecustomize.py").write_text(_HIDE.format(hidden=hidden))
    path = os.pathsep.join([str(tmp_path), str(Path(sayso.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--help"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
