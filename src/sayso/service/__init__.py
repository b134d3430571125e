"""The service: sessions over HTTP, kept in SQL, rendered by durable jobs.

`create_app(Settings(folder=...))` is the whole service as an ASGI application; `sayso serve` runs
it with its workers. What can be asked of it is in its OpenAPI document and in docs/api.md. This
room holds no DSP and no defaults of the core: it keeps people's desks, and asks `sayso.studio`.

Names are loaded when they are first used, so that workers and decoders start quickly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sayso.service.application import create_app
    from sayso.service.settings import Limits, Settings

_HOMES = {"create_app": "application", "Limits": "settings", "Settings": "settings"}
__all__ = ["Limits", "Settings", "create_app"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sayso.service' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"sayso.service.{_HOMES[name]}"), name)
