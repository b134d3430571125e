"""Pictures: well formed, escaped, and of what they show."""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.measure.drawing import histogram, png, spectrogram, waveform


def test_a_histogram_counts_every_value_and_is_well_formed():
    svg = histogram({"before": [0, 1, 1, 5], "after": [5, 5]}, title="a <b>")
    root = ElementTree.fromstring(svg)
    assert root.find("title").text == "a <b>"
    bars = {p.get("class"): p.get("d") for p in root.iter("path")}
    assert bars["bar before"].count("z") == 3 and bars["bar after"].count("z") == 1
    assert histogram({"before": []}, title="") == histogram({"before": [2, 2]}, title="") == ""


def test_a_waveform_fills_the_height_it_is_given(tone):
    audio = tone(1.0, level=0.5)
    heights = [
        max(float(h) for h in re.findall(r"v([\d.]+)", waveform(audio, full=full, title="")))
        for full in (0.5, 1.0)
    ]
    assert heights[0] == pytest.approx(2 * heights[1], rel=0.02)


def test_a_spectrogram_is_brightest_at_the_tone(tone):
    picture, loudest = spectrogram(tone(1.0, hz=1000.0), title='x"y')
    assert "x&quot;y" in picture and loudest > 0
    data = base64.b64decode(re.search(r"base64,([^\"]+)", picture)[1])
    import av

    with av.open(io.BytesIO(data), format="png_pipe") as file:
        image = next(file.decode(video=0)).to_ndarray(format="gray")
    brightest = int(image.astype(float).mean(axis=1).argmax())
    expected = 127 * (1 - np.log(1000 / 60) / np.log(22_050 / 60))
    assert brightest == pytest.approx(expected, abs=3)
    quiet, same = spectrogram(Audio(tone(1.0).samples * 0, 44_100), title="", loudest=loudest)
    assert same == loudest and quiet != picture


def test_a_png_holds_its_rows():
    data = png(np.array([[0, 255]], np.uint8))
    assert data.startswith(b"\x89PNG") and data.endswith(b"IEND\xaeB`\x82")
