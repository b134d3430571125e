"""From recordings to a separator of one's own, through the commands alone."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from sayso.audio import Audio, read, resample, write

RATE = 2048
PARTS = ("supervised", "validation", "test")
STARTS_S = {"supervised": (0, 4), "validation": (8,), "test": (8,), "unsupervised": (12, 16)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, demo) -> Path:
    """Two-stem songs cut out of the demo song, and the configuration of a tiny run."""
    root = tmp_path_factory.mktemp("training")
    voice = resample(demo["vocals"], RATE)
    band = resample(Audio(demo["mix"].samples - demo["vocals"].samples, 44_100), RATE)
    for part, starts_s in STARTS_S.items():
        for number, start_s in enumerate(starts_s):
            start = start_s * RATE
            for name, stem in (("vocals", voice), ("accompaniment", band)):
                path = root / "songs" / part / f"{number}" / f"{name}.wav"
                write(path, stem.slice(start, start + 3 * RATE), encoding="float32")
    config = {
        "kind": "unet",
        "folder": str(root / "run"),
        "loop": {
            "max_steps": 200,
            "validate_steps": 100,
            "precision": "32-true",
            "accelerator": "cpu",
            "tensorboard": False,
            "threads": 1,
        },
        "task": {
            "songs": {p: [{"layout": "folder", "root": str(root / "songs" / p)}] for p in PARTS},
            "network": {
                "sample_rate": RATE,
                "n_fft": 64,
                "hop": 32,
                "levels": 2,
                "width": 4,
                "frames": 16,
            },
            "patches": {"batch_size": 4, "excerpt_s": 1.0, "cache_size": 8, "replaced": 4},
        },
    }
    (root / "tiny.yaml").write_text(yaml.safe_dump(config))
    return root


@pytest.fixture
def sayso(command):
    return lambda folder, *arguments: command(*arguments, cwd=folder, SAYSO_CACHE=folder / "cache")


def test_train_resume_export_score_and_ask(sayso, folder, demo):
    first = ("train", "separator", "tiny.yaml", "--set", "loop.max_steps=3")
    assert sayso(folder, *first).returncode == 0
    again = sayso(folder, "train", "separator", "tiny.yaml", "--set", "loop.max_steps=6")
    assert again.returncode == 7
    assert "resume" in again.stderr
    kept = yaml.safe_load((folder / "run" / "config.yaml").read_text())
    assert kept["loop"]["max_steps"] == 3
    options = ("--set", "loop.max_steps=6", "--set", "loop.validate_steps=3", "--resume")
    done = sayso(folder, "train", "separator", "tiny.yaml", *options)
    assert done.returncode == 0, done.stderr
    done = sayso(folder, "train", "export", "run", "-o", "model.onnx")
    assert done.returncode == 0, done.stderr
    song = write(folder / "song.wav", demo["mix"].slice(0, 2 * 44_100))
    done = sayso(folder, "ask", song, "give me the vocals", "--model", "model.onnx")
    assert done.returncode == 0, done.stderr
    vocals = read(folder / "sayso-out/song/vocals.wav")
    assert (vocals.frames, vocals.channels) == (2 * 44_100, 2)
    assert np.abs(vocals.samples).max() > 0
    done = sayso(folder, "train", "score", "run")
    assert done.returncode == 0, done.stderr
    heading, *rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert " ".join(heading) == "song source sdr nsdr isr sir sar snr nsnr usdr"
    assert {"vocals", "accompaniment"} == {row[1] for row in rows}
    assert rows[-1][0] == "median"


@pytest.mark.parametrize(
    ("override", "code", "words"),
    [
        ("loop.max_stepz=3", 7, "max_stepz"),
        ("task.network.width=-1", 7, "width"),
        ("kind=none", 7, "unknown kind"),
        ("task.songs.supervised=[{layout: folder, root: nowhere}]", 8, "nowhere"),
    ],
)
def test_bad_configurations_are_told_before_anything_starts(sayso, folder, override, code, words):
    arguments = ("train", "separator", "tiny.yaml", "--set", override)
    done = sayso(folder, *arguments, "--set", f"folder={folder / 'none'}")
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert not (folder / "none").exists()


def test_a_store_is_built_packed_and_unpacked(sayso, folder):
    rows = ["file,pool,label,licence,author,origin,seconds"]
    for name, label in (("dog", "dog bark"), ("bell", "bell")):
        write(folder / "pool" / "sounds" / f"{name}.wav", tone(), encoding="float32")
        rows.append(f"sounds/{name}.wav,sounds,{label},CC0,someone,somewhere,1")
    (folder / "pool" / "manifest.csv").write_text("\n".join(rows) + "\n")
    assert "2" in sayso(folder, "train", "data", "build", "pool", "store").stdout
    sources = sayso(folder, "train", "data", "sources", "store")
    assert sources.stdout == "somewhere (CC0) by someone: 2 files\n"
    packed = sayso(folder, "train", "data", "pack", "store", "packed")
    assert packed.returncode == 0, packed.stderr
    shard = folder / "packed" / "shard-000.sayso"
    assert str(shard.name) in packed.stdout
    unpacked = sayso(folder, "train", "data", "unpack", "again", shard)
    assert unpacked.returncode == 0, unpacked.stderr
    names = [(folder / s / "index" / "sounds.jsonl").read_text() for s in ("store", "again")]
    assert names[0].count("\n") == names[1].count("\n") == 2
    unknown = sayso(folder, "train", "data", "render", "store", "mdi")
    assert unknown.returncode == 8 and "expected midi, lines" in unknown.stderr
    damaged = folder / "packed" / "cut.sayso"
    damaged.write_bytes(shard.read_bytes()[:600])
    refused = sayso(folder, "train", "data", "unpack", "third", damaged)
    assert refused.returncode == 8 and "cut short" in refused.stderr


def tone() -> Audio:
    time = np.arange(44_100) / 44_100
    return Audio(np.sin(2 * np.pi * 440 * time).astype(np.float32)[None] * 0.3, 44_100)


def test_a_folder_that_cannot_be_written_is_told(sayso, folder):
    (folder / "file").touch()
    done = sayso(folder, "train", "separator", "tiny.yaml", "--set", "folder=file/run")
    assert done.returncode == 5, done.stderr
    assert "file/run/config.yaml: cannot be written" in done.stderr


def test_the_published_experiment_is_one_command(sayso, folder: Path) -> None:
    """Both arms, then every test song's figures; an arm that has ended is not trained again."""
    values = yaml.safe_load((folder / "tiny.yaml").read_text())
    values |= {"kind": "adversarial", "folder": str(folder / "experiment")}
    values["loop"] |= {"max_steps": 60, "validate_steps": 30}
    values["task"] |= {"critic_steps": 2, "critic_width": 2}
    values["task"]["songs"]["unsupervised"] = [
        {"layout": "folder", "root": str(folder / "songs" / "unsupervised")}
    ]
    values["task"]["network"]["output"] = "linear"
    values["task"]["patches"] |= {
        "amplify": [0.2, 1.2],
        "decoded": {"folder": str(folder / "decoded")},
    }
    (folder / "experiment.yaml").write_text(yaml.safe_dump(values))
    done = sayso(folder, "train", "experiment", "experiment.yaml")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    columns = "training song source sdr nsdr isr sir sar snr nsnr usdr"
    assert lines[0].split() == columns.split()
    assert len(lines) == 1 + 2 * (1 + 1) * 2  # two arms, a song and the medians, two sources
    assert "supervised: finished, steps 20, best_step" in done.stderr
    rows = list(csv.DictReader((folder / "experiment" / "scores.csv").open()))
    assert [row["training"] for row in rows] == 2 * ["supervised"] + 2 * ["semi-supervised"]
    assert all(np.isfinite(float(row["snr"])) for row in rows)
    written = json.loads((folder / "experiment" / "scores.json").read_text())
    first = folder / "experiment" / "supervised" / "last.safetensors"
    before = first.stat().st_mtime_ns

    again = sayso(folder, "train", "experiment", "experiment.yaml")
    assert (again.returncode, again.stdout) == (7, "")
    assert "holds a run already" in again.stderr
    resumed = sayso(folder, "train", "experiment", "experiment.yaml", "--resume", "--json")
    assert json.loads(resumed.stdout) == written
    assert first.stat().st_mtime_ns == before
    wrong = sayso(folder, "train", "experiment", "tiny.yaml")
    assert wrong.returncode == 7
    assert "kind: adversarial, not unet" in wrong.stderr
