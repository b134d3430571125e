"""Several files without the queue: one after the other, in the base installation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from sayso.audio import Audio, read, write
from sayso.batch import read_manifest
from sayso.batch.manifest import MANIFEST
from sayso.batch.storage import sha256_of
from sayso.cli import main
from sayso.errors import ConfigError

WORDS = "make it 6 dB quieter"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    for name in ("takes/one.wav", "takes/1.5b two.wav", "takes/sub/one.wav"):
        samples = (0.1 * rng.standard_normal((1, 4000))).astype(np.float32)
        write(tmp_path / name, Audio(samples, 8000))
    return tmp_path


@pytest.fixture
def sayso(here, capsys):
    def run(*arguments):
        code = main([*map(str, arguments)])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return SimpleNamespace(code=code, out=told.out, err=told.err)

    return run


def made(folder):
    return sorted(
        str(p.relative_to(folder))
        for p in folder.rglob("*")
        if p.suffix in (".wav", ".flac", ".mp3") and p.is_file()
    )


def copy(source, *others):
    for other in others:
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_bytes(source.read_bytes())


def test_the_base_installation_needs_no_queue(here):
    """As in an environment that has none of the packages of the queue."""
    code = (
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Base(PathFinder):\n"
        "    @classmethod\n"
        "    def find_spec(cls, name, path=None, target=None):\n"
        "        if name.split('.')[0] not in ('dbos', 'fsspec', 'psycopg', 'sqlalchemy'):\n"
        "            return PathFinder.find_spec(name, path, target)\n"
        "sys.meta_path[:] = [Base if f is PathFinder else f for f in sys.meta_path]\n"
        "from sayso.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )

    def run(*arguments):
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    done = run("ask", "takes", "takes/*.wav", WORDS, "-o", "out")
    assert done.returncode == 0, done.stderr
    assert made(here / "out") == ["1.5b two/mix.wav", "one/mix.wav", "sub/one/mix.wav"]
    assert run("clean", "takes", "-o", "clean", "--config", "fast").returncode == 0
    asked = run("ask", "takes", WORDS, "-o", "queued", "-j", "2")
    assert (asked.returncode, "sayso[batch]" in asked.stderr) == (6, True)
    asked = run("ask", "s3://bucket/in", WORDS, "-o", "queued")
    assert (asked.returncode, "sayso[batch]" in asked.stderr) == (6, True)


def test_what_fails_stops_no_other_and_tells_the_same_code_everywhere(sayso, here):
    (here / "takes/text.wav").write_text("no sound")
    write(here / "takes/silent.wav", Audio(np.zeros((1, 8000), np.float32), 8000))
    commands = (
        ("ask", "takes", "takes/gone.wav", WORDS),
        ("separate", "takes", "takes/gone.wav", "-n", "simple", "--target", "vocals"),
        ("clean", "takes", "takes/gone.wav", "--config", "fast"),
    )
    for command in commands:
        done = sayso(*command, "-o", command[0])
        assert done.code == 3
        _, items = read_manifest(here / command[0])
        states = {alias: item.state for alias, item in items.items()}
        silent = "skipped" if command[0] == "clean" else "done"
        assert states == {
            "1.5b two": "done",
            "gone": "failed",
            "one": "done",
            "silent": silent,
            "sub/one": "done",
            "text": "failed",
        }
        for name in ("text.wav", "gone.wav"):
            assert any(name in line and ": failed: " in line for line in done.err.splitlines())


def test_names_that_are_not_text_stop_nothing(sayso, here):
    name = os.fsdecode(b"caf\xe9.wav")
    copy(here / "takes/one.wav", here / "takes" / name, here / "takes/caf%E9.wav")
    for command in (("ask", "takes", WORDS), ("clean", "takes", "--config", "fast")):
        done = sayso(*command, "-o", command[0])
        assert done.code == 0, done.err
        assert len(made(here / command[0])) >= 5
        done.err.encode()
    assert {"caf%E9/mix.wav", "caf%E9-2/mix.wav"} < set(made(here / "ask"))
    # By itself it works as well.
    assert sayso("ask", here / "takes" / name, WORDS, "-o", "alone").code == 0
    assert made(here / "alone") == ["caf%E9/mix.wav"]
    assert sayso("clean", here / "takes" / name, "-o", "lone", "--config", "fast").code == 0


def test_the_same_command_goes_on_and_another_request_shares_the_folder(sayso, here):
    assert sayso("ask", "takes", WORDS, "-o", "out").code == 0
    before = {name: (here / "out" / name).stat().st_mtime_ns for name in made(here / "out")}
    again = sayso("ask", "takes", WORDS, "-o", "out")
    assert again.code == 0
    assert {name: (here / "out" / name).stat().st_mtime_ns for name in made(here / "out")} == before
    other = sayso("ask", "takes", "make it 3 dB quieter", "-o", "out")
    assert other.code == 0
    assert "its name is taken" in other.err
    assert {name: (here / "out" / name).stat().st_mtime_ns for name in before} == before
    assert len(made(here / "out")) == 6
    ratio = read("out/one-2/mix.wav").samples / read("out/one/mix.wav").samples
    assert np.median(ratio) == pytest.approx(10 ** (3 / 20), abs=1e-3)
    # Cleaning into the same folder, and again with another configuration.
    for options in ((), ("--set", "loudness=null")):
        assert sayso("clean", "takes", "-o", "out", "--config", "fast", *options).code == 0
    rows = json.loads((here / "out/metrics.json").read_text())
    assert len({row["output"] for row in rows}) == 6
    assert {name: (here / "out" / name).stat().st_mtime_ns for name in before} == before


def test_what_lies_in_the_folder_stays(sayso, here):
    out = here / "out"
    copy(here / "takes/sub/one.wav", out / "one.wav", out / "sub/one.wav")
    kept = sha256_of(out / "one.wav")
    (out / "1.5b two.wav").mkdir()
    flat = ("--filename", "{track}.{ext}")
    assert sayso("ask", "takes", WORDS, "-o", "out", *flat).code == 0
    assert made(out) == [
        "1.5b two-2.wav",
        "one-2.wav",
        "one.wav",
        "sub/one-2.wav",
        "sub/one.wav",
    ]
    assert sha256_of(out / "one.wav") == kept
    (here / "over").mkdir()
    copy(out / "one.wav", here / "over/one.wav")
    assert sayso("ask", "takes", WORDS, "-o", "over", *flat, "--overwrite").code == 0
    assert made(here / "over") == ["1.5b two.wav", "one.wav", "sub/one.wav"]
    assert sha256_of(here / "over/one.wav") != kept


@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
def test_no_batch_replaces_its_sources(sayso, here, overwrite):
    (here / "link").symlink_to(here / "takes")
    before = {path: sha256_of(here / "takes" / path) for path in made(here / "takes")}
    flat = ("--filename", "{track}.{ext}")
    commands = (
        ("clean", "takes", "-o", here / "takes", "--config", "fast"),
        ("clean", "takes/one.wav", "takes/1.5b two.wav", "-o", "link", "--config", "fast"),
        ("clean", "takes/sub/../one.wav", "takes/sub", "-o", "takes", "--config", "fast"),
        ("ask", "link", WORDS, "-o", "takes", *flat),
    )
    for command in commands:
        done = sayso(*command, *overwrite)
        assert (done.code, "replace the source" in done.err) == (5, True), done.err
    assert {path: sha256_of(here / "takes" / path) for path in made(here / "takes")} == before
    # In folders of their own, outputs may lie beside their sources, and are no sources later.
    for _ in range(2):
        assert sayso("ask", "takes", WORDS, "-o", "takes", *overwrite).code == 0
        assert len(made(here / "takes")) == 6


def test_no_number_leads_onto_a_source(sayso, here):
    copy(here / "takes/one.wav", here / "out/one-2.wav")
    before = sha256_of(here / "out/one-2.wav")
    copy(here / "takes/sub/one.wav", here / "more/one.wav")
    inputs = ("takes/one.wav", "more/one.wav", "out/one-2.wav")
    done = sayso("ask", *inputs, WORDS, "-o", "out", "--filename", "{track}.{ext}", "--overwrite")
    assert (done.code, "replace the source" in done.err) == (5, True)
    named = ("--filename", "{track}.{target}.{ext}", "--overwrite")
    copy(here / "takes/one.wav", here / "out/one-2.mix.wav")
    inputs = ("takes/one.wav", "more/one.wav", "out/one-2.mix.wav")
    assert sayso("ask", *inputs, WORDS, "-o", "out", *named).code == 0
    assert sha256_of(here / "out/one-2.mix.wav") == before
    assert {"one.mix.wav", "one-3.mix.wav", "one-2.mix.mix.wav"} < set(made(here / "out"))


def test_one_file_is_no_place_for_several(sayso, here):
    done = sayso("ask", "takes", WORDS, "-o", "all.mp3")
    assert done.code == 5 and "name a folder" in done.err
    assert not (here / "all.mp3").exists()


VICTIMS = [
    {"outputs": [{"path": "../victim.wav", "sha256": "HASH", "size": 1}]},
    {"outputs": [{"path": "VICTIM", "sha256": "HASH", "size": 1}]},
    {"outputs": [{"path": "link/victim.wav", "sha256": "HASH", "size": 1}]},
    {"outputs": [{"path": "mine.wav", "sha256": "0" * 64, "size": 1}]},
    {"alias": "../victim"},
    {"alias": "link/victim"},
]


@pytest.mark.parametrize("crafted", VICTIMS, ids=str)
def test_a_manifest_of_others_deletes_and_overwrites_nothing(sayso, here, crafted):
    victim, out = here / "victim.wav", here / "out"
    copy(here / "takes/sub/one.wav", victim)
    source = here / "takes/one.wav"
    flat = ("--filename", "{track}.{ext}")
    assert sayso("ask", source, "takes/1.5b two.wav", WORDS, "-o", "out", *flat).code == 0
    copy(victim, out / "mine.wav")
    (out / "link").symlink_to(here)
    head, *lines = (out / "manifest.jsonl").read_text().splitlines()
    text = json.dumps(crafted).replace("HASH", sha256_of(victim)).replace("VICTIM", str(victim))
    items = [json.loads(line) for line in lines]
    state = "queued" if "alias" in crafted else "done"
    # The source has changed, so that what was made of it goes.
    items[1] |= json.loads(text) | {"state": state, "stamp": "other"}
    lines = [head, *map(json.dumps, items)]
    (out / "manifest.jsonl").write_text("".join(f"{line}\n" for line in lines))
    done = sayso("ask", source, "takes/1.5b two.wav", WORDS, "-o", "out", *flat)
    assert sha256_of(victim) == sha256_of(here / "takes/sub/one.wav")
    assert sha256_of(out / "mine.wav") == sha256_of(victim)
    if "mine.wav" not in text:
        assert done.code in (5, 7), done.err


def test_a_manifest_that_breaks_off_in_its_last_line_goes_on(sayso, here):
    assert sayso("ask", "takes", WORDS, "-o", "out").code == 0
    manifest = here / "out/manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-40])
    assert sayso("ask", "takes", WORDS, "-o", "out").code == 0
    _, items = read_manifest(here / "out")
    assert [item.state for item in items.values()] == ["done"] * 3


def test_a_batch_that_an_earlier_version_cleaned_goes_on(sayso, here):
    write(here / "takes/silent.wav", Audio(np.zeros((1, 4000), np.float32), 8000))
    command = ("clean", "takes", "-o", "out", "--config", "fast")
    assert sayso(*command).code == 0
    manifest = here / "out/manifest.jsonl"
    now = manifest.read_text()
    old = now.replace('"skipped"', '"passed_over"').replace('"metrics"', '"figures"')
    assert old.count("passed_over") == 2 and old.count("figures") >= 3
    manifest.write_text(old)
    (here / "out/metrics.json").unlink()
    assert sayso(*command).code == 0
    states = [item.state for item in read_manifest(here / "out")[1].values()]
    assert sorted(states) == ["done"] * 3 + ["skipped"]
    assert not (here / "out/manifest-2.jsonl").exists()
    rows = json.loads((here / "out/metrics.json").read_text())
    assert sorted(row["status"] for row in rows) == ["cleaned"] * 3 + ["skipped"]
    assert all(row["metrics"] for row in rows if row["status"] == "cleaned")


def test_an_output_that_a_person_has_changed_stays(sayso, here):
    flat = ("--filename", "{track}.{ext}")
    command = ("ask", "takes", WORDS, "-o", "out", *flat)
    assert sayso(*command).code == 0
    copy(here / "takes/sub/one.wav", here / "out/one.wav")  # as an editor would save it
    changed = sha256_of(here / "out/one.wav")
    copy(here / "takes/1.5b two.wav", here / "takes/one.wav")
    for more in ((), ("--retry-failed",)):
        done = sayso(*command, *more)
        assert done.code == 5 and "no more, what was made of it" in done.err
        assert sha256_of(here / "out/one.wav") == changed
    assert sayso(*command, "--retry-failed", "--overwrite").code == 0
    assert sha256_of(here / "out/one.wav") == sha256_of(here / "out/1.5b two.wav")


def test_names_of_a_request_that_was_interrupted_are_not_taken_by_another(sayso, here):
    flat = ("--filename", "{track}.{ext}")
    assert sayso("ask", "takes", WORDS, "-o", "out", *flat).code == 0
    # As if it had been killed before the first file was through.
    manifest = here / "out/manifest.jsonl"
    head, *lines = manifest.read_text().splitlines()
    items = [{**json.loads(line), "state": "queued", "outputs": []} for line in lines]
    manifest.write_text("".join(f"{line}\n" for line in (head, *map(json.dumps, items))))
    for name in made(here / "out"):
        (here / "out" / name).unlink()
    assert sayso("ask", "takes", "make it 3 dB quieter", "-o", "out", *flat).code == 0
    first = {name: sha256_of(here / "out" / name) for name in made(here / "out")}
    assert set(first) == {"1.5b two-2.wav", "one-2.wav", "sub/one-2.wav"}
    # A file of another origin at a name that waits is not replaced either.
    copy(here / "takes/sub/one.wav", here / "out/one.wav")
    assert sayso("ask", "takes", WORDS, "-o", "out", *flat).code == 5
    assert sha256_of(here / "out/one.wav") == sha256_of(here / "takes/sub/one.wav")
    assert {name: sha256_of(here / "out" / name) for name in first} == first


def test_two_requests_at_once_into_one_folder(here):
    words = ["make it 3 dB quieter", "make it 9 dB quieter"]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "sayso", "ask", "takes", said, "-o", "out"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for said in words
    ]
    for process in running:
        assert process.communicate(timeout=240)[0] is None
        assert process.returncode == 0
    assert len(made(here / "out")) == 6
    sounds = {sha256_of(here / "out" / name) for name in made(here / "out")}
    assert len(sounds) == 6


@pytest.mark.parametrize("left", ["noise", "a pipe", "a device"])
def test_a_manifest_that_is_none_is_told_and_not_waited_for(tmp_path, left):
    path = tmp_path / MANIFEST
    if left == "noise":
        path.write_bytes(b"\xff\xfe" * 100)
    elif left == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match="move it away to begin anew"):
        read_manifest(tmp_path)
