"""Jobs in real worker processes, on SQLite and on PostgreSQL."""

from __future__ import annotations

import base64
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE

import pytest
import sqlalchemy as sa

from sayso.errors import ConfigError, FormatError, QueueError
from sayso.jobs import JobQueue, Workers
from sayso.jobs.worker import ADOPTION_S

PATIENCE_S = 120.0
SQLITE = pytest.mark.parametrize("where", ["sqlite"], indirect=True)
"""What both kinds of queue do alike is tried on the one that starts faster."""
FAST = {"polling_s": 0.02}


def until(true, *, timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def worker_process(url, kinds, **order):
    """One worker that nobody restarts."""
    process = subprocess.Popen([sys.executable, "-m", "sayso.jobs"], stdin=PIPE, text=True)
    process.stdin.write(json.dumps({"where": url, "modules": [kinds], **order, **FAST}) + "\n")
    process.stdin.flush()
    return process


def states(queue, *ids):
    return [queue.get(id).state for id in ids]


def test_jobs_run_once_and_end_as_they_should(queue, kinds, tmp_path):
    written = [(f"w/{n}", {"path": str(tmp_path / f"{n}.txt"), "text": "x" * n}) for n in range(4)]
    queue.enqueue_many("toy.write", written)
    queue.enqueue("toy.fail", {"message": "no audio; give some"}, id="fail")
    queue.enqueue("toy.bug", {}, id="bug")
    assert queue.counts() == {"queued": 6}
    assert queue.counts(prefix="w/") == {"queued": 4}
    assert queue.get("w/2").arguments == written[2][1]
    with Workers(queue.url, [kinds], processes=2, **FAST):
        until(lambda: sum(queue.counts().get(state, 0) for state in ("done", "failed")) == 6)
        # A job of the same id is the same job: it is neither changed nor run again.
        again = queue.enqueue("toy.write", {"path": "elsewhere", "text": ""}, id="w/2")
    assert (again.state, again.progress, again.result) == ("done", 1.0, {"length": 2})
    found = queue.find(prefix="w/", states=["done"])
    assert sorted(job.id for job in found) == [id for id, _ in written]
    assert [job.id for job in queue.find(kind="toy.bug")] == ["bug"]
    assert [job.id for job in queue.find(ids=["bug", "none"])] == ["bug"]
    assert queue.find(ids=[]) == []
    failed = queue.get("fail")
    assert (failed.state, failed.error.name) == ("failed", "FormatError")
    assert isinstance(failed.error.exception(), FormatError)
    assert str(failed.error.exception()) == "no audio; give some"
    assert "KeyError: 'missing' in toy_kinds.py, line" in queue.get("bug").error.message
    queue.remove(["fail", "bug", "never there"])
    assert queue.counts() == {"done": 4}


@SQLITE
def test_a_running_job_tells_is_cancelled_and_tried_again(queue, kinds):
    queue.enqueue("toy.slow", {"seconds": 60.0}, id="long")
    queue.enqueue("toy.slow", {"seconds": 60.0}, id="waiting")
    assert queue.cancel("waiting").state == "cancelled"
    with Workers(queue.url, [kinds], **FAST):
        until(lambda: queue.get("long").progress > 0)
        assert queue.get("long").state == "running"
        queue.cancel("long")
        # The worker is free again: the next job runs.
        queue.enqueue("toy.slow", {"seconds": 0.1}, id="short")
        assert queue.wait("short", timeout_s=PATIENCE_S).result == "slept"
        assert states(queue, "long", "waiting") == ["cancelled", "cancelled"]
        queue.retry("long")
        until(lambda: queue.get("long").progress > 0)
        # A stopped worker gives its job back, unfinished.
    assert queue.get("long").state in ("running", "queued")
    assert queue.retry("short").state == "done"


@SQLITE
def test_a_killed_worker_is_replaced_and_its_job_done(queue, kinds, tmp_path):
    path = tmp_path / "a.txt"
    queue.enqueue("toy.write", {"path": str(path), "text": "whole", "seconds": 1.5}, id="a")
    with Workers(queue.url, [kinds], **FAST) as workers:
        until(lambda: list(tmp_path.glob(".a.txt.*.part")))
        os.kill(workers.pids[0], signal.SIGKILL)
        job = queue.wait("a", timeout_s=PATIENCE_S)
        assert (job.state, job.starts, workers.restarts) == ("done", 2, 1)
    assert path.read_text() == "whole"


def test_another_machine_takes_up_what_a_dead_one_left(queue, kinds):
    queue.enqueue("toy.slow", {"seconds": 600.0}, id="a")
    dead = worker_process(queue.url, kinds, machine="dead")
    try:
        until(lambda: queue.get("a").state == "running")
        queue.enqueue("toy.slow", {"seconds": 600.0}, id="b")
        with Workers(queue.url, [kinds], machine="alive", **FAST):
            until(lambda: queue.get("b").state == "running")
            time.sleep(ADOPTION_S + 0.5)
            # Both live: neither takes the other's job.
            assert [queue.get(id).worker for id in "ab"] == ["dead-0", "alive-0"]
            queue.cancel("b")
            dead.kill()
            until(lambda: queue.get("a").worker == "alive-0")
            assert queue.get("a").starts == 2
    finally:
        dead.kill()
        dead.wait()
        dead.stdin.close()


def test_a_job_that_kills_its_workers_fails_and_the_others_go_on(tmp_path, kinds):
    with JobQueue(tmp_path / "jobs.sqlite") as queue:
        queue.enqueue("toy.crash", {}, id="crash")
        queue.enqueue_many("toy.slow", [("other", {"seconds": 0.0})], priority=1)
        with Workers(queue.url, [kinds], max_starts=2, **FAST) as workers:
            assert queue.wait("other", timeout_s=PATIENCE_S).state == "done"
            crashed = queue.wait("crash", timeout_s=PATIENCE_S)
            assert workers.restarts == 2
        assert (crashed.state, crashed.error.name) == ("failed", "Crashed")


def test_what_cannot_be_is_told(queue, kinds, tmp_path):
    for asked in (queue.wait, queue.cancel, queue.retry):
        with pytest.raises(QueueError, match="no job 'nowhere'"):
            asked("nowhere")
    assert queue.get("nowhere") is None
    queue.enqueue("toy.slow", {"seconds": 1.0}, id="a")
    with pytest.raises(QueueError, match="different function name"):
        queue.enqueue("toy.fail", {}, id="a")
    with pytest.raises(ConfigError, match="cannot be imported"):
        Workers(queue.url, ["no.such.module"])
    with pytest.raises(ConfigError, match="registers no kind"):
        Workers(queue.url, ["json"])
    (tmp_path / "file").write_text("")
    with pytest.raises(QueueError, match="cannot be made"):
        JobQueue(tmp_path / "file" / "jobs.sqlite")
    (tmp_path / "junk.sqlite").write_text("this is no database " * 100)
    with pytest.raises(QueueError, match="not a database"):
        JobQueue(tmp_path / "junk.sqlite")
    with pytest.raises(QueueError, match="expected postgresql"):
        JobQueue("mysql://db/jobs")
    with pytest.raises(QueueError, match=r"me@127\.0\.0\.1:1/jobs does not answer") as caught:
        JobQueue("postgresql://me:secret@127.0.0.1:1/jobs")
    assert "secret" not in str(caught.value)


class Code:
    """Unpickling it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def rows(queue, *names):
    """The engine's table of jobs with these columns."""
    columns = [sa.column(name, sa.Text) for name in names]
    return sa.table("workflow_status", *columns, schema=queue.table.schema)


POISONS = {
    "the arguments": ("inputs", "py_pickle"),
    "the result": ("output", "py_pickle"),
    "the failure": ("error", "py_pickle"),
    "an unknown kind": ("inputs", "yaml"),
}


@pytest.mark.parametrize("poison", POISONS)
def test_nothing_is_unpickled(where, kinds, tmp_path, poison):
    column, serialization = POISONS[poison]
    trap = tmp_path / "ran"
    pickled = base64.b64encode(pickle.dumps(Code(trap))).decode()
    with JobQueue(where) as queue:
        queue.enqueue("toy.write", {"path": str(tmp_path / "a"), "text": "a"}, id="a")
        poisoned = {column: pickled, "serialization": serialization}
        with queue.engine.begin() as connection:
            connection.execute(sa.update(rows(queue, *poisoned)).values(poisoned))
        if serialization == "py_pickle":
            # Put in while it is open: not read either.
            with suppress(QueueError):
                queue.find()
            assert not trap.exists()
    with pytest.raises(QueueError, match="which could run code"):
        JobQueue(where)
    with worker_process(queue.url, kinds) as process:
        assert process.wait(PATIENCE_S) != 0
    assert not trap.exists()


@pytest.mark.parametrize("serialization", ["py_pickle", None])
def test_a_running_worker_unpickles_nothing(where, kinds, tmp_path, serialization):
    trap = tmp_path / "ran"
    pickled = base64.b64encode(pickle.dumps(Code(trap))).decode()
    with JobQueue(where) as queue, worker_process(queue.url, kinds) as process:
        try:
            queue.enqueue("toy.slow", {"seconds": 2.0}, id="slow")
            until(lambda: queue.get("slow").state == "running")
            queue.enqueue("toy.write", {"path": str(tmp_path / "a"), "text": "a"}, id="a")
            poisoned = {"inputs": pickled, "serialization": serialization}
            table = rows(queue, "workflow_uuid", *poisoned)
            change = sa.update(table).where(table.c.workflow_uuid == "a").values(poisoned)
            with queue.engine.begin() as connection:
                connection.execute(change)
            queue.enqueue("toy.write", {"path": str(tmp_path / "b"), "text": "b"}, id="b")
            assert queue.wait("b", timeout_s=PATIENCE_S).state == "done"
        finally:
            process.kill()
    assert not trap.exists()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of four megabytes of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", place], check=False)
    if mounted.returncode:
        pytest.skip("only root can make a disk to fill")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place):
    """Leaves not a page of a disk free."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as out, suppress(OSError):
        while True:
            out.write(b"x" * 512)
    return ballast


def test_a_job_whose_end_found_no_room_is_taken_up_again(small_disk, kinds, tmp_path):
    with JobQueue(small_disk / "jobs.sqlite") as queue, Workers(queue.url, [kinds], **FAST):
        queue.enqueue("toy.slow", {"seconds": 1.5}, id="slow")
        until(lambda: queue.get("slow").state == "running")
        ballast = fill(small_disk)
        time.sleep(3.0)
        assert queue.get("slow").state == "running"  # nobody could write that it is done
        ballast.unlink()
        assert queue.wait("slow", timeout_s=PATIENCE_S).state == "done"


def test_a_queue_that_was_deleted_is_told_and_not_waited_for(tmp_path, kinds):
    folder = tmp_path / "out"
    with JobQueue(folder / "jobs.sqlite") as queue:
        queue.enqueue("toy.slow", {"seconds": 60.0}, id="slow")
        shutil.rmtree(folder)
        with pytest.raises(QueueError, match="was deleted"):
            queue.wait("slow", timeout_s=5)


def test_the_database_knows_the_time_to_the_millisecond(queue):
    # Whatever the version of SQLite: the engine asks by that of Python.
    if queue.engine.dialect.name == "sqlite":
        with queue.engine.connect() as connection:
            now = connection.exec_driver_sql("SELECT unixepoch('subsec')").scalar()
        assert abs(now - time.time()) < 5 and now != int(now)


@pytest.mark.parametrize(
    "made",
    [
        "TRIGGER t AFTER INSERT ON workflow_status BEGIN DELETE FROM workflow_status; END",
        "VIEW v AS SELECT * FROM workflow_status",
    ],
)
def test_a_queue_that_does_more_than_keep_is_refused(tmp_path, made):
    # A trigger in a folder that was handed on took every job away, and the batch waited for ever.
    where = str(tmp_path / "jobs.sqlite")
    with JobQueue(where) as queue, queue.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE {made}")
    with pytest.raises(QueueError, match="which Sayso does not make"):
        JobQueue(where)
