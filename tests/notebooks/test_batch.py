"""The notebook runs from its first cell to its last on a fresh batch."""

from __future__ import annotations

import asyncio
import sys
import warnings
from pathlib import Path

import nbformat

from sayso.audio import Audio, write
from sayso.clean import load_config
from sayso.reports import clean_file, write_report

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "batch.ipynb"


def run(path: Path, folder: Path) -> nbformat.NotebookNode:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the kernel's libraries, none of ours
        from nbclient import NotebookClient

        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(notebook, timeout=120, kernel_name="python3")
        client.create_kernel_manager()
        client.km.kernel_spec.argv[0] = sys.executable
        asyncio.run(client.async_execute(cwd=str(folder)))
    return notebook


def test_a_batch_is_opened_and_drawn(tmp_path, noise, tone, monkeypatch):
    rows = []
    for number in range(2):
        beeps = tone(1.0, hz=300 + 400 * number, channels=1, rate=16_000).samples
        hiss = noise(1.0, channels=1, rate=16_000, level=0.02 + 0.03 * number).samples
        source = write(tmp_path / "in" / f"{number}.wav", Audio(beeps + hiss, 16_000))
        rows.append(clean_file(source, tmp_path / "out" / source.name, load_config("fast")))
    write_report(tmp_path / "out", rows)
    monkeypatch.setenv("SAYSO_BATCH", str(tmp_path / "out"))
    shown = run(NOTEBOOK, tmp_path)
    outputs = [output for cell in shown.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    text = "".join(str(output.get("data", {}).get("text/html", "")) for output in outputs)
    assert text.count("<svg") >= 6
    assert "data:image/png" in text and "<audio" in text
    assert not any(cell.get("outputs") for cell in nbformat.read(NOTEBOOK, as_version=4).cells)
