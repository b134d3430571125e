"""Weights arrive whole, go on where they stopped, and are checked against what was published."""

from __future__ import annotations

import errno
import hashlib
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from sayso.checkpoints import WeightFile, WeightStore, check_hash
from sayso.errors import Cancelled, ModelError, OutputError
from sayso.watch import Watch

BODY = bytes(range(256)) * 9000
DIGEST = hashlib.sha256(BODY).hexdigest()


class Server(BaseHTTPRequestHandler):
    """Serves BODY; /cut hangs up half way once, /plain knows no ranges, /gated wants a sign-in."""

    asked: ClassVar[list[str | None]] = []
    cut_once = True

    def do_GET(self):
        asked = self.headers.get("Range")
        Server.asked.append(asked)
        if self.path == "/gated":
            self.send_error(403)
            return
        if self.path == "/gone":
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if self.path == "/plain":
            start = 0
        if start >= len(BODY):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(BODY) - start))
        self.end_headers()
        stop = len(BODY)
        if self.path == "/cut" and Server.cut_once:
            Server.cut_once, stop = False, len(BODY) // 2
        self.wfile.write(BODY[start:stop])

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def weight_store(tmp_path):
    return WeightStore(tmp_path / "models")


def test_pull_reports_progress_and_checks_the_hash(weight_store, site):
    seen = []
    file = WeightFile(name="a/w.th", url=f"{site}/whole", sha256=DIGEST[:8])
    path = weight_store.pull(file, watch=Watch(seen.append))
    assert path.read_bytes() == BODY
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert weight_store.find(file) == path == weight_store.pull(file)
    assert not path.with_name("w.th.part").exists()


def test_pull_goes_on_where_the_connection_broke(weight_store, site):
    file = WeightFile(name="w.th", url=f"{site}/cut", sha256=DIGEST)
    with pytest.raises(ModelError, match=r"could not be fetched.*put w\.th at .*models"):
        weight_store.pull(file)
    assert weight_store.find(file) is None
    assert weight_store.pull(file).read_bytes() == BODY
    assert Server.asked[-1] == f"bytes={len(BODY) // 2}-"


def test_pull_starts_over_where_the_server_knows_no_ranges(weight_store, site):
    file = WeightFile(name="w.th", url=f"{site}/plain", sha256=DIGEST)
    weight_store.folder.mkdir()
    (weight_store.folder / "w.th.part").write_bytes(b"x" * 100)
    # The test server answers 206 only when it was asked for a range and gives one.
    assert weight_store.pull(file).read_bytes() == BODY


def test_pull_of_a_wrong_file_leaves_nothing(weight_store, site):
    file = WeightFile(name="w.th", url=f"{site}/whole", sha256="0" * 8)
    with pytest.raises(ModelError, match=r"its sha256 begins with .*, published is 00000000"):
        weight_store.pull(file)
    assert list(weight_store.folder.iterdir()) == []


def test_a_complete_part_needs_no_more_bytes(weight_store, site):
    file = WeightFile(name="w.th", url=f"{site}/whole", sha256=DIGEST)
    weight_store.folder.mkdir()
    (weight_store.folder / "w.th.part").write_bytes(BODY)
    assert weight_store.pull(file).read_bytes() == BODY


def test_pull_can_be_stopped_and_resumed(weight_store, site):
    file = WeightFile(name="w.th", url=f"{site}/whole", sha256=DIGEST)
    with pytest.raises(Cancelled):
        weight_store.pull(file, watch=Watch(cancelled=lambda: True))
    assert weight_store.pull(file).read_bytes() == BODY


def test_one_process_fetches_a_file_at_a_time(weight_store, site):
    file = WeightFile(name="w.th", url=f"{site}/whole", sha256=DIGEST)
    told = []

    def progress(done):
        with pytest.raises(ModelError, match=r"w\.th is being fetched already"):
            weight_store.pull(file)
        told.append(done)

    assert weight_store.pull(file, watch=Watch(progress)).read_bytes() == BODY
    assert told


def test_a_killed_pull_goes_on_where_it_was(weight_store, site):
    file = WeightFile(name="w.th", url=f"{site}/whole", sha256=DIGEST)
    program = f"""if True:
        import os
        from pathlib import Path
        from sayso.checkpoints import WeightStore, WeightFile
        from sayso.watch import Watch

        def killed(done):
            if done > 0.5:
                os.kill(os.getpid(), {signal.SIGKILL:d})

        file = WeightFile.model_validate_json({file.model_dump_json()!r})
        WeightStore(Path({str(weight_store.folder)!r})).pull(file, watch=Watch(killed))
    """
    assert subprocess.run([sys.executable, "-c", program]).returncode == -signal.SIGKILL
    assert weight_store.find(file) is None
    have = (weight_store.folder / "w.th.part").stat().st_size
    assert 0 < have < len(BODY)
    assert weight_store.pull(file).read_bytes() == BODY
    assert Server.asked[-1] == f"bytes={have}-"
    assert [path.name for path in weight_store.folder.iterdir()] == ["w.th"]


@pytest.mark.parametrize(("page", "match"), [("gated", "sign in"), ("gone", "answered 404")])
def test_pull_says_what_the_server_said(weight_store, site, page, match):
    with pytest.raises(ModelError, match=match):
        weight_store.pull(WeightFile(name="w.th", url=f"{site}/{page}"))


def test_offline_errors_name_the_file_and_where_to_put_it(weight_store):
    file = WeightFile(name="w.th", url="http://127.0.0.1:1/w.th")
    with pytest.raises(ModelError, match=r"Without a network.*put w\.th at .*models/w\.th"):
        weight_store.pull(file)
    with pytest.raises(ModelError, match=r"thing needs w\.th, which is not here.*models pull"):
        weight_store.require(file, model="thing")


def test_gated_models_say_what_to_do(weight_store):
    file = WeightFile(name="w.th", url="http://127.0.0.1:1/w", gated="accept the terms at SITE")
    with pytest.raises(ModelError, match=r"accept the terms at SITE; then put w\.th at"):
        weight_store.pull(file)


def test_import_and_remove(weight_store, tmp_path):
    source = tmp_path / "mine.th"
    source.write_bytes(BODY)
    file = WeightFile(name="a/w.th", sha256=DIGEST[:16])
    taken = weight_store.import_file(source, file)
    assert taken.read_bytes() == BODY
    assert weight_store.import_file(taken, file) == taken
    assert weight_store.remove(file) == len(BODY)
    assert weight_store.remove(file) == 0
    source.write_bytes(BODY[:-1])
    with pytest.raises(ModelError, match=r"mine\.th: its sha256"):
        weight_store.import_file(source, file)
    with pytest.raises(ModelError, match="no such file to import"):
        weight_store.import_file(tmp_path / "none", file)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "models").write_text("a file")
    source = tmp_path / "mine.th"
    source.write_bytes(b"1")
    with pytest.raises(OutputError, match="models"):
        WeightStore(tmp_path / "models").import_file(source, WeightFile(name="w.th"))


def test_a_read_only_folder_keeps_what_is_in_it(weight_store, tmp_path, monkeypatch):
    (tmp_path / "mine.th").write_bytes(b"1")
    file = WeightFile(name="w.th")
    taken = weight_store.import_file(tmp_path / "mine.th", file)

    def refuse(path, missing_ok=False):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OutputError, match=r"models/w\.th: .* may not be written to"):
        weight_store.remove(file)
    assert taken.exists()


def test_the_hub_cache_is_used_where_it_lies(tmp_path):
    url = "https://huggingface.co/adefossez/HTDemucs/resolve/main/a.safetensors"
    place = tmp_path / "hub/models--adefossez--HTDemucs/snapshots/0f/a.safetensors"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"1")
    file = WeightFile(name="mine.safetensors", url=url)
    weight_store = WeightStore(tmp_path / "models", hub=tmp_path / "hub")
    assert weight_store.find(file) == place
    weight_store.remove(file)
    assert place.exists()


def test_check_hash_returns_the_whole_hash(tmp_path):
    (tmp_path / "a").write_bytes(BODY)
    assert check_hash(tmp_path / "a", "") == DIGEST
    assert check_hash(tmp_path / "a", DIGEST[:5].upper()) == DIGEST
