"""Pictures of the page for docs/, from a running service: `python bench/screenshots.py URL`."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

DOCS = Path(__file__).parents[1] / "docs"
PATIENCE_MS = 240_000
WORDS = (
    "put the vocals a bit to the left and give them some reverb",
    "make the drums a bit louder",
    "what time is it?",
)
LOOKS = {
    "page-dark": ("dark", 1440, 900, 1),
    "page-light": ("light", 1440, 900, 1),
    "phone-dark": ("dark", 390, 844, 2),
    "phone-light": ("light", 390, 844, 2),
}

CUTS = {"page-dark": "cuts-dark", "page-light": "cuts-light", "phone-dark": "cuts-phone"}


def main() -> None:
    """Opens the demo song, says a few things, and looks at it in every way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    url = parser.parse_args().url
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        session = ""
        for name, (scheme, width, height, scale) in LOOKS.items():
            page = browser.new_page(
                color_scheme=scheme,
                viewport={"width": width, "height": height},
                device_scale_factor=scale,
            )
            page.set_default_timeout(PATIENCE_MS)
            page.goto(url + session)
            if not session:
                page.screenshot(path=DOCS / "welcome.png")
                prepare(page)
                session = "/#" + page.url.partition("#")[2]
            expect(page.locator("[data-target=other] .strip-state")).to_be_empty(
                timeout=PATIENCE_MS
            )
            page.wait_for_timeout(4000)  # for the last waveform to be drawn
            page.get_by_label("Position").fill("7.4")
            page.evaluate("document.activeElement.blur()")
            page.wait_for_timeout(1000)
            if name == "phone-light":
                page.click("#show-talk")
                page.wait_for_timeout(1000)
            page.screenshot(path=DOCS / f"{name}.png")
            if name in CUTS:
                propose_cuts(page)
                page.screenshot(path=DOCS / f"{CUTS[name]}.png")
            page.close()
        browser.close()


def prepare(page: Page) -> None:
    """A session as it is after a few minutes."""
    page.click("#demo")
    page.get_by_role("button", name="Split into").click()
    answers = page.locator(".turn:not(.greeting) .theirs:not(.is-thinking)")
    for said, words in enumerate(WORDS):
        page.fill("#say", words)
        page.press("#say", "Enter")
        expect(answers).to_have_count(said + 1, timeout=PATIENCE_MS)
    page.get_by_label("Bass level").fill("-4")
    page.get_by_role("button", name="Effects of Other").click()
    page.get_by_label("Other High cut").press("PageDown")
    expect(page.locator(".note").first).to_be_visible(timeout=PATIENCE_MS)


def propose_cuts(page: Page) -> None:
    """Cuts as the slider proposes them, before they are kept."""
    page.click("#show-cuts")
    page.get_by_label("Share to keep").fill("0.55")
    expect(page.get_by_role("button", name="Keep cuts")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".cuts-lane")).to_have_attribute("aria-busy", "false")
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(5, 5)
    page.wait_for_timeout(1500)


if __name__ == "__main__":
    main()
