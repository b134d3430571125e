"""Durable work: jobs that outlive crashes, in worker processes, on one machine or many.

A *kind* of job is a function that is registered under a name; a *job* is one call of it with JSON
arguments and an id of the caller's choice. The queue is a database, run by DBOS: an SQLite file, or
PostgreSQL where workers on several machines share it. Nothing else differs between the two::

    # acme/renders.py, a module that worker processes import
    from sayso.jobs import Context, kind

    @kind("render")
    def render(arguments, context: Context):          # JSON in
        session.render(watch=context.watch)
        return {"tracks": [...]}                      # JSON out

    # anywhere
    from sayso.jobs import JobQueue, Workers

    with JobQueue("jobs.sqlite") as queue, Workers(queue.url, ["acme.renders"], processes=2):
        queue.enqueue("render", {"session": 7}, id="render-1")  # the same id again: the same job
        queue.get("render-1")       # Job(state="running", progress=0.4, result=None, ...), or None
        queue.wait("render-1")      # until it is done, failed or cancelled
        queue.cancel("render-1")    # a waiting job never starts, a running one is told
        queue.retry("render-1")     # a failed or cancelled one goes back in the queue
        queue.find(kind="render", states=("queued", "running"), prefix="render-", limit=100)
        queue.counts(prefix="render-")                # {"done": 3, "queued": 9}
        queue.remove(["render-1"])

Kinds whose names share what comes before a dot ("batch.ask", "batch.clean") share a lane of the
queue; a worker takes from the lanes of the kinds that it knows, and must know all of a lane.

States: "queued" -> "running" -> "done", "failed" or "cancelled". `progress` is 0 to 1.

What holds:

- A job whose worker dies, or is stopped, goes back in the queue and starts anew, so a kind must be
  safe to repeat: it writes its files beside their place and renames them. One whose worker dies
  `MAX_STARTS` times fails with the reason "Crashed"; other jobs go on.
- A finished job is never run again. Its result and error stay until it is removed.
- A kind that raises fails the job; `job.error` holds the class's name and the message, and
  `job.error.exception()` makes the `sayso.errors` class of it.
- `context.watch.check()` raises `sayso.errors.Cancelled` when the job was cancelled or its worker
  must stop; the whole core polls the watch that it is given.
- Every worker has a stable id, its machine's name and a number, and holds that id's lock while it
  lives: a PostgreSQL advisory lock, or a file's beside SQLite. Whoever can take the lock of another
  that has jobs running knows that it is dead, and puts its jobs back.
- Worker processes end when the process that started them does, whatever ended it.

`Workers` runs processes and restarts those that crash; `run_worker` is what each of them runs.
Needs the extra `batch`. This room knows neither models nor HTTP: kinds are registered by the rooms
to its right, in modules that `Workers` is told to import.
"""

from sayso.jobs.job import Job, JobFailure, JobState
from sayso.jobs.kinds import Context, kind
from sayso.jobs.queue import MAX_STARTS, JobQueue
from sayso.jobs.worker import run_worker
from sayso.jobs.workers import Workers

__all__ = [
    "MAX_STARTS",
    "Context",
    "Job",
    "JobFailure",
    "JobQueue",
    "JobState",
    "Workers",
    "kind",
    "run_worker",
]
