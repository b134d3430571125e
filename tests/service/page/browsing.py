"""What the tests of the page share: a page on a service, and what it plays."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx2 as httpx
import numpy as np
import soundfile
from playwright import sync_api

expect = sync_api.expect

expect.set_options(timeout=30_000)  # a machine may be busy with other tests

PATIENCE_MS = 120_000
# Records what goes to the speakers, on the audio clock itself.
RECORDER = """
registerProcessor("recorder", class extends AudioWorkletProcessor {
  process([input]) {
    const pick = (channel) => (input[channel] ?? input[0] ?? new Float32Array(128)).slice();
    this.port.postMessage([pick(0), pick(1)]);
    return true;
  }
});
"""
TAP = """
window.encode = (channels) => {
  const length = channels[0].length;
  const all = new Float32Array(channels.length * length);
  channels.forEach((samples, channel) => all.set(samples, channel * length));
  const bytes = new Uint8Array(all.buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
};
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  const { context } = this;
  if (window.recorder && to instanceof AudioDestinationNode && context instanceof AudioContext) {
    context.audioWorklet.addModule(window.recorder).then(() => {
      const recorder = new AudioWorkletNode(context, "recorder");
      connect.call(this, recorder);
      connect.call(recorder, to);
      recorder.port.onmessage = ({ data }) => window.taken?.(data);
    });
  }
  return connect.call(this, to, ...rest);
};
window.record = (blocks) => new Promise((resolve) => {
  const taken = [[], []];
  window.taken = (data) => {
    data.forEach((samples, channel) => taken[channel].push(...samples));
    if (taken[0].length < blocks * 128) return;
    window.taken = null;
    resolve(encode(taken));
  };
});
"""


def opened(browser, service, **options) -> Iterator[sync_api.Page]:
    """A page on the service; whatever the browser complains of fails the test.

    Only with `bypass_csp` can what it plays be recorded.
    """
    yield from opened_despite(browser, service, None, **options)


def opened_despite(browser, service, expected: str | None, **options) -> Iterator[sync_api.Page]:
    """As `opened`, where answers of the status `expected` are part of the test."""
    context = browser.new_context(base_url=service, **options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.add_init_script(TAP)
    if options.get("bypass_csp"):
        address = f"data:text/javascript;base64,{base64.b64encode(RECORDER.encode()).decode()}"
        page.add_init_script(f"window.recorder = {address!r}")
    page.goto("/")
    yield page
    context.close()
    assert [text for text in complaints if expected is None or expected not in text] == []


def upload(page, song: Path) -> str:
    """Opens a session on `song` through the page, and returns its path in the API."""
    page.set_input_files("#file", song)
    page.wait_for_selector("#session:not([hidden])")
    return "/sessions/" + page.url.partition("#")[2]


def demo_session(page) -> str:
    page.click("#demo")
    page.wait_for_selector("#session:not([hidden])")
    return "/sessions/" + page.url.partition("#")[2]


def say(page, words: str) -> str:
    """What the page answers."""
    answers = page.locator(".theirs:not(.is-thinking)")
    before = answers.count()
    page.fill("#say", words)
    page.press("#say", "Enter")
    answers.nth(before).wait_for()
    return answers.nth(before).inner_text()


def wait_for_strips(page, *targets: str) -> None:
    for target in targets:
        page.wait_for_selector(f"[data-target='{target}'] .strip-state:empty", state="attached")
        expect(page.locator(f"[data-target='{target}'] .strip-maker")).not_to_be_empty()
    expect(page.locator(".is-awaited")).to_have_count(0, timeout=PATIENCE_MS)


def wait_for_notes(page, count: int) -> None:
    """Until so many changes by hand are in the conversation."""
    expect(page.locator(".note")).to_have_count(count, timeout=PATIENCE_MS)


def get(service, path: str, **query):
    return httpx.get(service + path, params=query).raise_for_status()


def sound_of(service, url: str) -> np.ndarray:
    found = get(service, url, format="wav", encoding="float32").content
    return soundfile.read(BytesIO(found), dtype="float32", always_2d=True)[0].T


def stems_of(service, session: str) -> dict[str, np.ndarray]:
    renders = get(service, session).json()["renders"]
    tracks = [t for r in renders if not r["desk"]["strips"] for t in r["tracks"]]
    return {track["target"]: sound_of(service, track["url"]) for track in tracks}


def rendered_of(service, session: str, desk: dict | None = None) -> np.ndarray:
    """The first track of a render of `desk`, by default that of the session."""
    asked = {} if desk is None else {"desk": desk}
    made = httpx.post(f"{service}{session}/renders", json=asked).raise_for_status().json()
    end = time.monotonic() + PATIENCE_MS / 1000
    while made["state"] in ("queued", "running") and time.monotonic() < end:
        time.sleep(0.1)
        made = get(service, made["url"]).json()
    assert made["state"] == "done", made
    return sound_of(service, made["tracks"][0]["url"])


def recorded(page, seconds: float) -> np.ndarray:
    """The next `seconds` of what goes to the speakers, [2, T]."""
    text = page.evaluate("(blocks) => window.record(blocks)", round(seconds * 44_100 / 128))
    return np.frombuffer(base64.b64decode(text), "<f4").reshape(2, -1)


def error_db(heard: np.ndarray, expected: np.ndarray) -> float:
    """How far `heard` is from the stretch of `expected` that it is nearest to."""
    probe = heard[0, :16_384].astype(np.float64)
    size = 1 << (expected.shape[1] + len(probe)).bit_length()
    spectrum = np.fft.rfft(expected[0], size) * np.conj(np.fft.rfft(probe, size))
    energy = np.cumsum(np.concatenate([[0.0], expected[0].astype(np.float64) ** 2]))
    energies = energy[len(probe) :] - energy[: -len(probe)]
    start = int(np.argmin(energies - 2 * np.fft.irfft(spectrum, size)[: len(energies)]))
    there = expected[:, start : start + heard.shape[1]]
    wrong = heard[:, : there.shape[1]] - there
    return float(10 * np.log10(np.mean(wrong**2) / np.mean(there**2) + 1e-20))
