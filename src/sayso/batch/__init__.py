"""Thousands of files: the same work on each, durable, on one machine or many.

    batch = Batch.open("out", clean_settings(load_config("embedded")))
    batch.add(find_sources(["recordings"], pattern="**/*.wav"))
    with JobQueue(batch.default_queue) as queue, Workers(queue.url, MODULES, processes=2):
        summary = batch.run(queue, on_progress=print)

Every file is an *item* with an alias made from its path; its outputs are named after the alias, so
no two collide. `manifest.jsonl` in the output folder lists items, hashes and reasons. Running the
same batch again goes on where the last run ended, however that ended: finished items stay.
"""

from sayso.batch.batch import MODULES, Batch, Summary
from sayso.batch.manifest import Item, Output, read_manifest
from sayso.batch.pace import Pace
from sayso.batch.settings import Settings, clean_settings, conversation_settings, render_settings
from sayso.batch.storage import Source, find_sources, is_remote

__all__ = [
    "MODULES",
    "Batch",
    "Item",
    "Output",
    "Pace",
    "Settings",
    "Source",
    "Summary",
    "clean_settings",
    "conversation_settings",
    "find_sources",
    "is_remote",
    "read_manifest",
    "render_settings",
]
