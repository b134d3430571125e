"""Sessions on the page: named, left, found again, deleted and had back, and opened by the dozen."""

from __future__ import annotations

import re

import httpx2 as httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from tests.service.page.browsing import (
    demo_session,
    expect,
    get,
    opened_despite,
    say,
    upload,
    wait_for_notes,
    wait_for_strips,
)

from sayso.audio import Audio, write

DROP = """
async ([name, type]) => {
  const held = new DataTransfer();
  held.items.add(new File([await (await fetch("/sessions/demo")).blob()], name, { type }));
  const options = { dataTransfer: held, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new DragEvent(type ? "drop" : "dragenter", options));
}
"""


@pytest.fixture
def page(browser, service):
    yield from opened_despite(browser, service, "Failed to load resource")


@pytest.fixture
def songs(demo, tmp_path):
    short = Audio(demo["mix"].samples[:, :44_100], demo["mix"].sample_rate)
    return [write(tmp_path / f"{name}.wav", short) for name in ("One", "Two")]


def barriers(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in found]


def names_of(service) -> list[str]:
    return [session["name"] for session in get(service, "/sessions").json()]


def test_a_session_is_named_deleted_and_had_back(page, service, songs):
    session = upload(page, songs[0])
    page.get_by_role("button", name="Change the name").click()
    field = page.get_by_label("Name of the session")
    field.fill("Ours: take 2")
    field.press("Escape")
    expect(page.locator("#session-name")).to_have_text("One")
    page.get_by_role("button", name="Change the name").press("Enter")
    field.fill("Ours: take 2")
    field.press("Enter")
    expect(page.locator("#session-name")).to_have_text("Ours take 2")
    assert get(service, session).json()["name"] == "Ours take 2"
    page.get_by_role("link", name="Sayso, start page").click()
    page.get_by_role("button", name="Delete Ours take 2").click()
    page.get_by_role("button", name="Keep Ours take 2").click()
    expect(page.get_by_role("button", name="Delete Ours take 2")).to_be_visible()
    assert "Ours take 2" in names_of(service)
    page.get_by_role("button", name="Delete Ours take 2").click()
    page.reload()
    expect(page.locator("#welcome")).to_be_visible()
    expect(page.get_by_text("Ours take 2")).to_have_count(0)
    assert httpx.get(service + session).status_code == 404


def test_a_link_that_is_not_whole_is_told_in_words(page):
    for link, said in (("/#abc", "not whole"), ("/#" + 32 * "e", "no such session")):
        page.goto(link)
        expect(page.locator(".toast").last).to_contain_text(said)
        expect(page.locator("#welcome")).to_be_visible()
        page.reload()


def test_what_is_dropped_on_an_open_session_asks_where_to_go(page, service, songs):
    session = upload(page, songs[0])
    page.evaluate(DROP, ["x.wav", ""])
    expect(page.get_by_text("Drop it to open it in a session of its own")).to_be_visible()
    page.evaluate(DROP, ["notes.wav", "audio/wav"])
    sheet = page.locator("#arrived")
    expect(sheet).to_contain_text("“notes.wav” opens in a session of its own. “One” stays as it is")
    expect(page.get_by_text("Drop it to open it")).to_be_hidden()
    assert barriers(page) == []
    sheet.get_by_role("button", name="Not now").click()
    assert page.url.endswith(session.rpartition("/")[2])
    page.set_input_files("#file", songs[1])
    sheet.get_by_role("button", name="Open it").click()
    expect(page.locator("#session-name")).to_have_text("Two")
    assert {"One", "Two"} <= set(names_of(service))


def test_several_recordings_are_opened_and_told_at_once(page, service, songs, tmp_path):
    broken = tmp_path / "notes.wav"
    broken.write_text("la la la")
    page.set_input_files("#file", [songs[0], broken, songs[1]])
    sheet = page.locator("#arrived")
    expect(sheet).to_contain_text("3 recordings")
    page.get_by_label("Say to each of them").fill("make the drums louder")
    assert barriers(page) == []
    sheet.get_by_role("button", name="Open all").click()
    expect(sheet.get_by_role("button", name="Done")).to_be_visible(timeout=60_000)
    lines = sheet.locator("li")
    expect(lines.nth(1)).to_contain_text("not audio")
    expect(lines.nth(2)).to_contain_text(re.compile("Turning the drums up.*Open"))
    lines.nth(0).get_by_role("link", name="Open").click()
    expect(page.locator("#session-name")).to_have_text("One")
    expect(page.get_by_label("Drums level")).not_to_have_value("0")
    page.get_by_role("link", name="Sayso, start page").click()
    demo_session(page)


def test_what_is_heard_what_was_asked_for_and_stems_are_taken_home(page, service):
    session = demo_session(page)
    say(page, "give me the bass and the drums")
    wait_for_strips(page, "bass", "drums")
    page.locator("[data-target=mix] .switch-fold").click()
    page.get_by_label("Loudness of Mix").select_option("Podcast, −16 LUFS")
    wait_for_notes(page, 1)
    (effect,) = get(service, session).json()["desk"]["strips"]["mix"]["effects"]
    assert (effect["effect"], effect["lufs"]) == ("loudness", -16)
    page.click("#download")
    files = page.locator("#download-list .file > span:first-of-type")
    expect(files).to_have_text(["Mix.wav"], timeout=60_000)
    page.get_by_label("Tracks").check()
    expect(files).to_have_text(["Bass.wav", "Drums.wav"], timeout=60_000)
    page.get_by_label("Stems").check()
    expect(files).to_have_text(["Drums.wav", "Bass.wav"], timeout=60_000)
    assert barriers(page) == []
    assert get(service, session).json()["desk"]["deliver"] == ["bass", "drums"]
