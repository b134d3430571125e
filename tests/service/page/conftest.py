"""One service and one browser for all tests of the page."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sayso.audio import write

if TYPE_CHECKING:
    from playwright import sync_api

# Playwright is of the dev extra.
collect_ignore_glob = [] if find_spec("playwright") and find_spec("httpx2") else ["test_*.py"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
Serve = Callable[..., str]


@pytest.fixture(scope="package")
def serve(tmp_path_factory) -> Iterator[Serve]:
    """Starts services, each in a folder of its own, and gives their addresses."""
    running = []

    def start(*options: str, folder: Path | None = None) -> str:
        import httpx2 as httpx

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        folder = folder or tmp_path_factory.mktemp("service")
        log = (folder / "log").open("w")
        where = ["--port", str(port), "--folder", str(folder)]
        command = [sys.executable, "-m", "sayso", "serve", *where, "--model", "simple", *options]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        running.append((process, log))
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                if httpx.get(f"{url}/about").status_code == 200:
                    break
            except httpx.TransportError:
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.2)
        return url

    yield start
    for process, _ in running:
        process.terminate()
    for process, log in running:
        process.wait(20)
        log.close()


@pytest.fixture(scope="package")
def service(serve) -> str:
    return serve()


@pytest.fixture(scope="package")
def browser() -> Iterator[sync_api.Browser]:
    from playwright import sync_api

    if CHROMIUM is None:
        pytest.skip("needs Debian's chromium on PATH")
    with sync_api.sync_playwright() as playwright:
        flags = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def listening(browser, service) -> Iterator[sync_api.Page]:
    """A page whose sound can be recorded."""
    from tests.service.page.browsing import opened

    yield from opened(browser, service, bypass_csp=True)


@pytest.fixture
def song(demo, tmp_path) -> Path:
    path = tmp_path / "A song (live).wav"
    write(path, demo["mix"])
    return path
