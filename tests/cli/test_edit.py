"""From two recordings to an edit of a third, through the commands alone."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.align.material import RATE, rehearsal

from sayso.audio import Audio, read, write
from sayso.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three rehearsals and what somebody made of them: the last take of each tune."""
    root = tmp_path_factory.mktemp("editing")
    for seed in range(3):
        audio, spans = rehearsal(seed)
        write(root / f"raw{seed}.wav", audio)
        kept = [audio.block(*spans[1]), audio.block(*spans[3])]
        write(root / f"cut{seed}.wav", Audio(np.concatenate(kept, axis=1), RATE))
    return root


def test_align_correct_render_and_export(folder, capsys):
    raw, cut, otio = folder / "raw0.wav", folder / "cut0.wav", folder / "cut0.otio"
    assert main(["edit", "align", str(raw), str(cut), "-o", str(otio), "--json"]) == 0
    clips = json.loads(capsys.readouterr().out)["edit"]["timeline"]["clips"]
    spans = rehearsal(0)[1]
    assert [round(clip["start"] / RATE, 1) for clip in clips] == [
        round(spans[at][0] / RATE, 1) for at in (1, 3)
    ]
    assert main(["edit", "export", str(otio), "-o", str(folder / "cut0.rpp")]) == 0
    out = folder / "again.wav"
    assert main(["edit", "render", str(folder / "cut0.rpp"), "-o", str(out)]) == 0
    assert abs(read(out).frames - read(cut).frames) < 0.1 * RATE
    both = [str(folder / "cut0.rpp"), str(otio)]
    capsys.readouterr()
    assert main(["edit", "evaluate", *both, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["iou"] > 0.99


def test_learn_and_apply(folder, capsys):
    editor, edit = folder / "me.editor", folder / "raw2.txt"
    files = [str(folder / name) for name in ("raw0.wav", "cut0.wav", "raw1.wav", "cut1.wav")]
    assert main(["edit", "learn", *files, "-o", str(editor), "--steps", "3"]) == 0
    apply = ["edit", "apply", str(folder / "raw2.wav"), "--editor", str(editor)]
    assert main([*apply, "-o", str(edit), "--seconds", "10"]) == 0
    assert len(edit.read_text().splitlines()) >= 1
    drawn = []
    for seed in ("1", "1", "2"):
        assert (
            main([*apply, "-o", str(edit), "--by", "ensemble", "--seed", seed, "--overwrite"]) == 0
        )
        drawn.append(edit.read_text())
    assert drawn[0] == drawn[1]
    scores = ["--by", "ensemble", "--scores", str(folder / "scores.json")]
    for keep in ("0.3", "0.8"):
        assert main([*apply, "-o", str(folder / f"{keep}.json"), *scores, "--keep", keep]) == 0
    lengths = [
        sum(b - a for a, b, speed in json.loads((folder / f"{keep}.json").read_text())["chunks"]
            if speed == 1.0)
        for keep in ("0.3", "0.8")
    ]  # fmt: skip
    assert lengths[0] < lengths[1]


def test_tracks_are_cut_together(folder):
    raw, stem = folder / "raw0.wav", folder / "stem.wav"
    write(stem, Audio(-read(raw).samples, RATE))
    edit = folder / "both.otio"
    arguments = ["edit", "apply", str(raw), "--by", "level", "--keep", "0.5", "-o", str(edit)]
    assert main([*arguments, "--track", str(stem)]) == 0
    assert main(["edit", "render", str(edit), "-o", str(folder / "both.wav"), "--float32"]) == 0
    tracks = [read(folder / f"both-{name}.wav").samples for name in ("raw0", "stem")]
    assert np.abs(tracks[0] + tracks[1]).max() < 1e-3
    alike = folder / "room" / "raw0.wav"
    write(alike, read(raw))
    assert main([*arguments, "--track", str(alike), "--overwrite"]) == 0
    assert main(["edit", "render", str(edit), "-o", str(folder / "two.wav")]) == 0
    assert (folder / "two-1-raw0.wav").is_file() and (folder / "two-2-raw0.wav").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["align", "raw0.wav", "raw9.wav", "-o", "a.otio"], 3, "no such file"),
        (["learn", "raw0.wav", "-o", "a.editor"], 8, "pairs"),
        (["learn", "raw0.wav", "cut0.wav", "-o", "a.editor", "--steps", "0"], 7, "steps"),
        (["apply", "raw0.wav", "-o", "a.otio"], 6, "needs an editor"),
        (["apply", "raw0.wav", "--by", "taste", "-o", "a.otio"], 3, "expected one of"),
        (["apply", "none.wav", "--by", "level", "-o", "a.doc"], 5, "ends in"),
        (["align", "none.wav", "none.wav", "-o", "a.doc"], 5, "ends in"),
        (["apply", "raw0.wav", "--by", "level", "--threshold", "3", "-o", "a.txt"], 3, "0 to 1"),
        (["apply", "raw0.wav", "--by", "level", "--temperature", "9", "-o", "a.txt"], 3, "0 to 5"),
        (["render", "none.otio", "-o", "a.wav"], 3, "cannot be read"),
    ],
)
def test_mistakes_are_told(folder, monkeypatch, capsys, arguments, code, says):
    monkeypatch.chdir(folder)
    assert main(["edit", *arguments]) == code
    assert says in capsys.readouterr().err


def test_the_curve_is_a_table_and_a_picture(folder, capsys):
    picture = folder / "curve.svg"
    assert main(["edit", "curve", str(folder / "raw0.wav"), "-o", str(picture)]) == 0
    heading, *rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert heading == ["threshold", "keeps", "length"]
    thresholds = [float(row[0]) for row in rows]
    kept = [float(row[1].rstrip("%")) for row in rows]
    assert thresholds == sorted(thresholds, reverse=True)
    assert kept == sorted(kept)
    assert kept[-1] == 100.0
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")


def test_evaluation_prints_headings_and_material_for_a_blind_test(folder, capsys):
    files = [str(folder / name) for name in ("raw0.wav", "cut0.wav", "raw1.wav", "cut1.wav")]
    listen = folder / "listen"
    command = ["edit", "evaluate", *files, "--steps", "2", "--listen", str(listen)]
    assert main(command) == 0
    heading, *rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert heading[:3] == ["method", "iou", "boundary_f"]
    assert {"silence", "chance", "pointer"} <= {row[0] for row in rows}
    key = json.loads((listen / "key.json").read_text())
    assert sorted(key) == ["1-raw0-A.wav", "1-raw0-B.wav", "2-raw1-A.wav", "2-raw1-B.wav"]
    assert [value["edited by"] for value in key.values()].count("person") == 2
    assert all(read(listen / name).duration_s > 1 for name in key)
    assert len((listen / "answers.csv").read_text().splitlines()) == 3
    assert main(command) != 0  # nothing is replaced
