"""What is heard: any combination of sounds, by words, by switches and by the API alike."""

from __future__ import annotations

import re

import numpy as np
from tests.service.page.browsing import (
    PATIENCE_MS,
    demo_session,
    error_db,
    expect,
    get,
    opened,
    recorded,
    rendered_of,
    say,
    sound_of,
    stems_of,
    upload,
    wait_for_strips,
)

from sayso.audio import Audio, write

SETTLED_MS = 700
"""A switch is heard and sent by then."""


def pressed(page, target: str, which: str) -> bool:
    switch = page.locator(f"[data-target='{target}'] .switch-{which}")
    return switch.get_attribute("aria-pressed") == "true"


def press(page, target: str, which: str) -> None:
    page.click(f"[data-target='{target}'] .switch-{which}")
    page.wait_for_timeout(SETTLED_MS)


def test_what_is_asked_for_sounds_together_and_stays_in_hand(listening, service):
    page = listening
    session = demo_session(page)
    say(page, "give me the bass and the drums")
    wait_for_strips(page, "bass", "drums")
    # It goes round while this goes on.
    source = np.tile(sound_of(service, f"{session}/source"), 2)
    stems = {name: np.tile(stem, 2) for name, stem in stems_of(service, session).items()}
    both = stems["bass"] + stems["drums"]
    asked = page.get_by_role("button", name="Bass + Drums")
    expect(asked).to_have_attribute("aria-pressed", "true")
    assert pressed(page, "bass", "solo") and pressed(page, "drums", "solo")
    page.click("#loop")
    page.click("#play")
    expect(page.locator("#time")).to_have_text(re.compile("0:0[1-9]"), timeout=PATIENCE_MS)
    assert error_db(recorded(page, 0.7), both) < -90

    # The mix is always there, and what was asked for beside it; both obey the faders.
    page.get_by_role("button", name="Mix", exact=True).click()
    page.wait_for_timeout(SETTLED_MS)
    assert error_db(recorded(page, 0.7), source) < -90
    asked.click()
    page.get_by_label("Mix level").fill("-6")
    page.wait_for_timeout(SETTLED_MS)
    assert error_db(recorded(page, 0.7), both * np.float32(10 ** (-6 / 20))) < -80
    page.get_by_label("Mix level").fill("0")
    page.wait_for_timeout(SETTLED_MS)

    # A switch makes solos of it: the page, the desk and a render of it agree.
    press(page, "bass", "mute")
    assert error_db(recorded(page, 0.7), stems["drums"]) < -80
    desk = get(service, session).json()["desk"]
    assert desk["deliver"] == ["mix"]
    assert [n for n, strip in desk["strips"].items() if strip["solo"]] == ["bass", "drums"]
    assert error_db(rendered_of(service, session)[:, 44_100:], stems["drums"]) < -60
    page.click("#undo")
    expect(asked).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(SETTLED_MS)
    press(page, "drums", "solo")
    assert error_db(recorded(page, 0.7), stems["bass"]) < -80
    press(page, "bass", "solo")
    assert error_db(recorded(page, 0.7), source) < -90

    # What no strip holds has one, too: with all of them muted nothing is left.
    for target in ("bass", "drums", "rest"):
        press(page, target, "mute")
    assert np.abs(recorded(page, 0.7)).max() < 1e-5
    assert np.abs(rendered_of(service, session)).max() < 1e-5
    press(page, "rest", "mute")
    assert error_db(recorded(page, 0.7), source - both) < -80
    say(page, "give me the bass")
    expect(page.get_by_role("button", name="Bass", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    page.wait_for_timeout(SETTLED_MS)
    assert error_db(recorded(page, 0.7), stems["bass"]) < -80


def test_a_sound_that_is_not_there_is_told_of_and_put_away(browser, service, tmp_path, listening):
    page = listening
    hum = 0.3 * np.sin(2 * np.pi * 55 * np.arange(3 * 44_100) / 44_100)
    song = write(tmp_path / "hum.wav", Audio(np.stack([hum, hum]).astype(np.float32), 44_100))
    session = upload(page, song)
    say(page, "make the vocals louder")
    wait_for_strips(page, "vocals")
    absence = page.locator("[data-target=vocals] .strip-absence")
    expect(absence).to_contain_text(re.compile(r"^Vocals is not heard in this recording: .*"))
    expect(page.locator(".turn .is-note")).to_have_text(f"{absence.inner_text()}.")
    # A strip that something is done to stays; an empty one may go, and comes back.
    away = page.get_by_role("button", name="Put Vocals away")
    expect(away).to_be_hidden()
    page.click("#undo")
    away.click()
    expect(page.locator("[data-target=vocals]")).to_have_count(0)
    page.reload()
    page.wait_for_selector("#session:not([hidden])")
    expect(page.locator("[data-target=rest]")).to_be_visible()
    expect(page.locator("[data-target=vocals]")).to_have_count(0)
    page.get_by_role("button", name="Bring back Vocals").click()
    expect(away).to_be_visible()
    assert get(service, session).json()["desk"]["strips"] == {}


def test_only_the_newest_desk_is_rendered(browser, service):
    for page in opened(browser, service):
        session = demo_session(page)
        page.get_by_role("button", name="Effects of Mix").click()
        knob = page.get_by_label("Mix Pitch")
        for _ in range(4):
            knob.press("ArrowUp")
            page.wait_for_timeout(350)  # each is a turn of its own
        page.wait_for_selector("#work:not([hidden])")
        knob.press("ArrowUp")
        notice = page.locator("#notice")
        page.wait_for_timeout(1500)
        expect(notice).to_have_text("Rendered, with pitch", timeout=PATIENCE_MS)
        renders = get(service, session).json()["renders"]
        pitched = [render for render in renders if render["desk"]["strips"]]
        assert pitched[0]["state"] == "done"
        assert pitched[0]["desk"] == get(service, session).json()["desk"]
        # Those of before were not asked for, or stopped unless they were done already.
        assert {render["state"] for render in pitched[1:]} <= {"cancelled", "done"}
