"""Speech on the page: cleaning by a switch and its strength, true lengths, loudness by its use."""

from __future__ import annotations

import re

import numpy as np
import pytest
from tests.service.page.browsing import (
    PATIENCE_MS,
    error_db,
    expect,
    get,
    recorded,
    rendered_of,
    say,
    upload,
    wait_for_notes,
)

from sayso.audio import Audio, integrated_lufs, write

RATE = 44_100


@pytest.fixture
def talk(speak, tmp_path):
    """Two stretches of speech under noise, two seconds apart."""
    pause = np.zeros(2 * RATE)
    parts = [speak(2.5, rate=RATE, seed=seed).samples[0] for seed in (1, 2)]
    sound = np.concatenate([parts[0], pause, parts[1]])
    sound += 0.004 * np.random.default_rng(4).standard_normal(len(sound))
    return write(tmp_path / "Talk.wav", Audio(sound[None].astype(np.float32), RATE))


def test_speech_is_cleaned_cut_and_made_as_loud_as_a_podcast(listening, service, talk):
    page = listening
    session = upload(page, talk)
    notice, switch = page.locator("#notice"), page.get_by_role("switch", name="Clean the speech")
    page.get_by_role("button", name="Effects of Mix").click()
    switch.press("Enter")
    expect(notice).to_have_text("Rendered, with cleaning", timeout=PATIENCE_MS)
    assert get(service, session).json()["desk"]["clean"]["dry"] == 0
    strength = page.get_by_label("Strength of the cleaning")
    strength.fill("0.6")
    wait_for_notes(page, 2)
    expect(page.locator(".note").last).to_have_text("Cleaning the speech by 60%.")
    assert get(service, session).json()["desk"]["clean"]["dry"] == 0.4
    page.wait_for_timeout(500)
    expect(notice).to_have_text("Rendered, with cleaning", timeout=PATIENCE_MS)
    page.click("#play")
    expect(page.locator("#time")).to_have_text(re.compile("0:0[2-9]"), timeout=PATIENCE_MS)
    page.get_by_label("Position").fill("0.5")  # where all of it is at hand, however busy it is
    page.wait_for_timeout(700)
    assert error_db(recorded(page, 0.7), rendered_of(service, session)) < -90
    page.click("#play")

    # What the pauses lose is seen, and heard, once the cleaned sound tells where they are.
    assert "pause" in say(page, "take the silences out")
    page.get_by_label("Loudness of Mix").select_option("Podcast, \u221216 LUFS")
    wait_for_notes(page, 3)
    made = rendered_of(service, session)
    seconds = made.shape[1] / RATE
    assert 4 < seconds < 6
    assert integrated_lufs(Audio(made, RATE)) == pytest.approx(-16, abs=0.5)
    expect(page.locator("#duration")).to_have_text(f"0:0{int(10 * seconds) / 10:.1f}")
    page.click("#show-cuts")
    expect(page.locator(".cuts-length")).to_have_text(
        f"0:0{int(10 * seconds) / 10:.1f} of 0:07.0", timeout=PATIENCE_MS
    )

    switch.press("Enter")
    expect(switch).not_to_be_checked()
    wait_for_notes(page, 4)
    assert get(service, session).json()["desk"]["clean"] is None
    page.click("#undo")
    expect(switch).to_be_checked()
    expect(strength).to_have_value("0.6")
