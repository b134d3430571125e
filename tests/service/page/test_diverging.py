"""Page and service have one desk: however a hand lets go, a line breaks, others change it."""

from __future__ import annotations

import httpx2 as httpx
import sqlalchemy
from tests.service.page.browsing import (
    demo_session,
    expect,
    get,
    opened,
    opened_despite,
    say,
)

from sayso.service.access import create_token, revoke_token


def patch(service, session, **strips):
    return httpx.patch(f"{service}{session}/desk", json={"strips": strips}).raise_for_status()


def test_a_fader_follows_others_however_it_was_let_go(browser, service):
    for page in opened(browser, service):
        session = demo_session(page)
        fader = page.get_by_label("Mix level")
        box = fader.bounding_box()
        thumb = (box["x"] + box["width"] * 0.65, box["y"] + box["height"] / 2)
        # Held and let go without a move: on the page, and beside it.
        for end in (thumb, (thumb[0], thumb[1] + 200)):
            page.mouse.move(*thumb)
            page.mouse.down()
            page.mouse.move(*end)
            page.mouse.up()
            if end is not thumb:
                fader.fill("0")
        # A finger that scrolls away.
        fader.dispatch_event("pointerdown", {"pointerId": 1, "button": 0, "clientX": thumb[0]})
        fader.dispatch_event("pointercancel", {"pointerId": 1})
        page.wait_for_timeout(500)
        patch(service, session, mix={"gain_db": -12})
        expect(fader).to_have_value("-12")
        # Half of the way lies around 0; what is typed is taken to the tenth.
        page.mouse.click(box["x"] + box["width"] * 0.4, thumb[1])
        assert abs(float(fader.input_value()) + 6) <= 1
        typed = page.get_by_label("Decibels of Mix")
        typed.fill("−3.2 dB")
        typed.press("Enter")
        expect(fader).to_have_value("-3.2")
        typed.fill("loud")
        typed.press("Enter")
        expect(typed).to_have_value("−3.2")
        page.wait_for_timeout(500)
        assert get(service, session).json()["desk"]["strips"]["mix"]["gain_db"] == -3.2


def test_what_was_done_without_a_line_is_kept_and_sent(browser, service):
    for page in opened_despite(browser, service, "Failed to load resource"):
        session = demo_session(page)
        page.context.set_offline(True)
        fader = page.get_by_label("Mix level")
        fader.fill("-6")
        expect(page.locator("#unsaved")).to_be_visible()
        fader.fill("-9")
        assert "does not answer" in say(page, "make the drums louder")
        page.context.set_offline(False)
        expect(page.locator("#unsaved")).to_be_hidden()
        expect(fader).to_have_value("-9")
        page.get_by_role("button", name="Say it again").click()
        expect(page.locator(".theirs").last).to_contain_text("Turning the drums up")
        expect(page.get_by_role("button", name="Say it again")).to_be_hidden()
        strips = get(service, session).json()["desk"]["strips"]
        assert strips["mix"]["gain_db"] == -9
        assert strips["drums"]["gain_db"] > 0
        assert len(get(service, f"{session}/messages").json()) == 2


def test_words_whose_answer_was_lost_are_not_said_twice(browser, service):
    for page in opened_despite(browser, service, "Failed to load resource"):
        session = demo_session(page)

        at = f"{service}{session}/messages"

        def lose(route, request, at=at):
            httpx.post(at, json=request.post_data_json)
            route.abort()

        page.route("**/messages", lose, times=1)
        say(page, "make the drums louder")
        expect(page.locator(".theirs").last).to_contain_text("Turning the drums up")
        expect(page.locator(".bubble.mine")).to_have_count(1)
        assert len(httpx.get(at).json()) == 1


def test_two_pages_have_one_desk_and_one_conversation(browser, service):
    for one in opened(browser, service):
        session = demo_session(one)
        for other in opened(browser, service):
            other.goto("/#" + session.rpartition("/")[2])
            other.wait_for_selector("#session:not([hidden])")
            say(one, "make the drums louder")
            say(other, "make the bass quieter")
            say(one, "pan the vocals left")
            for page in (one, other):
                expect(page.locator(".bubble.mine")).to_have_text(
                    ["make the drums louder", "make the bass quieter", "pan the vocals left"]
                )
            faders = [page.get_by_label("Bass level").input_value() for page in (one, other)]
            assert faders[0] == faders[1] != "0"


def test_a_token_is_asked_for_at_once_wherever_it_is_missing(browser, serve, tmp_path):
    url = serve("--tokens", folder=tmp_path)
    database = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'sayso.sqlite'}")
    _, secret = create_token(database, "band")
    for page in opened_despite(browser, url, "Failed to load resource"):
        dialog = page.locator("#token")
        expect(dialog).to_be_visible()
        page.fill("#token-secret", "nonsense")
        page.press("#token-secret", "Enter")
        expect(page.locator("#token-problem")).to_contain_text("unknown or was revoked")
        page.keyboard.press("Escape")
        expect(dialog).to_be_visible()
        page.fill("#token-secret", secret)
        page.press("#token-secret", "Enter")
        expect(dialog).to_be_hidden()
        demo_session(page)
        # Kept for as long as the browser is open, and where no script can read it.
        (cookie,) = page.context.cookies()
        assert (cookie["httpOnly"], cookie["expires"]) == (True, -1)
        page.reload()
        expect(page.locator("#session")).to_be_visible()
        # One that ends in the middle of the work: what was being done goes on with the next.
        revoke_token(database, "band")
        page.get_by_label("Mix level").fill("-6")
        expect(dialog).to_be_visible()
        _, another = create_token(database, "band 2")
        page.fill("#token-secret", another)
        page.press("#token-secret", "Enter")
        expect(dialog).to_be_hidden()
        page.goto("/")
        page.click("#forget-token")
        expect(dialog).to_be_visible()
        assert page.context.cookies() == []
