"""The service: sessions over HTTP, kept in SQL, rendered by durable jobs.

`create_app(Settings(folder=...))` is the whole service as an ASGI application; `sayso serve` runs
it with its workers. What can be asked of it is in its OpenAPI document and in docs/api.md. This
room holds no DSP and no defaults of the core: it keeps people's desks, and asks `sayso.studio`.
"""

from sayso.service.application import create_app
from sayso.service.settings import Limits, Settings

__all__ = ["Limits", "Settings", "create_app"]
