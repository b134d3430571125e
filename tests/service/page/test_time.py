"""Time on the page: zooming, following, selecting, and waveforms that show what is heard."""

from __future__ import annotations

import re

import pytest
from tests.service.page.browsing import (
    PATIENCE_MS,
    demo_session,
    expect,
    get,
    opened,
    say,
    wait_for_notes,
    wait_for_strips,
)

INK = """
(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let ink = 0;
  for (let at = 3; at < data.length; at += 4) ink += data[at] > 60 ? 1 : 0;
  return ink;
}
"""


def ink(page, target: str) -> int:
    """How many pixels of a waveform are drawn."""
    page.wait_for_timeout(400)
    return page.locator(f"[data-target='{target}'] .wave").evaluate(INK)


@pytest.fixture
def wide(browser, service):
    yield from opened(browser, service, viewport={"width": 1440, "height": 900})


def test_a_musician_finds_and_changes_a_moment(wide, service):
    page = wide
    session = demo_session(page)
    parts = []
    page.on("request", lambda asked, into=parts: "start=" in asked.url and into.append(asked))
    page.get_by_role("button", name="Split into").click()
    wait_for_strips(page, "vocals", "drums", "bass", "other")
    wave = page.locator("[data-target=drums] .wave")
    box = wave.bounding_box()
    assert box["width"] > 800
    at = (box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)

    # The wheel zooms around the pointer: what was under it stays there, and is drawn anew.
    page.mouse.click(*at)
    expect(page.locator("#time")).to_have_text(re.compile(r"^0:14\.0"))
    page.mouse.move(*at)
    for _ in range(12):
        page.mouse.wheel(0, -300)
    expect(page.locator("#time-scroll")).to_be_visible()
    page.mouse.click(*at)
    assert abs(float(page.inner_text("#time")[2:]) - 14) < 0.11
    page.mouse.click(box["x"] + box["width"] * 0.6, at[1])
    assert 13.5 < float(page.inner_text("#time")[2:]) < 14
    page.wait_for_timeout(1500)
    assert {"source", "tracks"} <= {
        part for asked in parts for part in asked.url.split("/") if part in ("source", "tracks")
    }

    # Playing, the page is turned; a hand that scrolls stops that.
    page.get_by_label("Position").fill("2")
    page.keyboard.press("Escape")
    bar = page.locator("#time-scroll")
    place = bar.evaluate("bar => bar.scrollLeft")
    page.locator("[data-target=drums] .switch-fold").focus()
    page.keyboard.press("Space")
    expect(page.locator("#play")).to_have_attribute("aria-label", "Pause")
    page.wait_for_timeout(1500)
    assert bar.evaluate("bar => bar.scrollLeft") < place
    page.mouse.move(*at)
    page.keyboard.down("Shift")
    page.mouse.wheel(0, 200)
    page.keyboard.up("Shift")
    expect(page.locator("#follow")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Space")
    page.get_by_role("button", name="All of it").click()
    expect(bar).to_be_hidden()

    # A span that is dragged over is changed by a click, or is what words are about.
    def drag() -> None:
        page.mouse.move(box["x"] + box["width"] * 0.25, at[1])
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, at[1], steps=4)
        page.mouse.up()

    drag()
    bar = page.locator("#selection")
    expect(bar).to_contain_text(re.compile(r"0:0[45]\.\d\d to 0:(09|10)\.\d\d, Drums"))
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    drag()
    bar.get_by_role("button", name="Silence").click()
    wait_for_notes(page, 1)
    (mute,) = get(service, session).json()["desk"]["strips"]["drums"]["effects"]
    assert mute["effect"] == "mute"
    assert abs(mute["span"]["start_s"] - 5) < 0.1 and abs(mute["span"]["end_s"] - 10) < 0.1
    drag()
    expect(page.locator("#about-span")).to_contain_text("What you say is about 0:0")
    assert "vocals" in say(page, "make the vocals quieter.")
    expect(page.locator(".bubble.mine").last).to_have_text(
        re.compile(r"make the vocals quieter from 0:0\d\.\d\d to 0:\d\d\.\d\d")
    )
    (gain,) = get(service, session).json()["desk"]["strips"]["vocals"]["effects"]
    assert abs(gain["span"]["start_s"] - 5) < 0.1
    expect(bar).to_be_hidden()


def test_the_mix_shows_what_is_heard_and_names_are_whole(browser, service):
    for page in opened(browser, service, viewport={"width": 1024, "height": 900}):
        demo_session(page)
        page.get_by_role("button", name="Split into").click()
        wait_for_strips(page, "vocals", "drums", "bass", "other")
        for name in page.locator(".strip-name").all():
            assert name.evaluate("one => one.scrollWidth <= one.clientWidth")
        # Until the last outline is there.
        expect(page.locator("[data-target=other] .strip-maker")).not_to_be_empty()
        page.wait_for_timeout(2500)
        whole, vocals = ink(page, "mix"), ink(page, "vocals")
        page.click("[data-target=vocals] .switch-solo")
        alone = ink(page, "mix")
        assert alone < 0.8 * whole
        assert abs(alone - vocals) < 0.1 * vocals
        page.click("[data-target=vocals] .switch-mute")
        assert ink(page, "mix") < 0.3 * alone
        # Escape leaves the field, and Space plays whatever is focused.
        page.click("#say")
        page.keyboard.press("Space")
        page.keyboard.press("Escape")
        expect(page.locator("#say")).not_to_be_focused()
        page.click("[data-target=vocals] .switch-mute")
        page.keyboard.press("Space")
        play = page.locator("#play")
        expect(play).to_have_attribute("aria-label", "Pause", timeout=PATIENCE_MS)
        pressed = page.locator("[data-target=vocals] .switch-mute")
        expect(pressed).to_have_attribute("aria-pressed", "false")
