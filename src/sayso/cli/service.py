"""`sayso serve`, `sayso token` and `sayso mcp`."""

from __future__ import annotations

import os
from argparse import Namespace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.parser import fields
from sayso.cli.terminal import note, say, show_json, show_table

if TYPE_CHECKING:
    import sqlalchemy as sa

    from sayso.service import Settings


def serve(arguments: Namespace) -> int:
    """Answers over HTTP until it is stopped."""
    settings = _settings(arguments)
    from sayso.service.access import is_loopback
    from sayso.service.serving import serve as run

    if not is_loopback(arguments.host):
        settings = settings.model_copy(update={"tokens": True})
        note("others can reach this address: every request needs a token (`sayso token create`)")
    note(f"http://{arguments.host}:{arguments.port} (Ctrl-C ends it; files in {settings.folder})")
    options = fields(arguments, "host", "port", "workers", "verbose")
    run(settings, **options)
    return 0


def mcp(arguments: Namespace) -> int:
    """Answers an agent on stdin and stdout until it leaves."""
    from sayso.optional import require_all

    require_all("mcp", extra="mcp", purpose="answering an agent")
    from sayso.cli.opening import open_studio
    from sayso.service.agents import create_server

    usual = (Path.home(), Path.cwd())
    allowed = [Path(folder) for folder in arguments.allow or usual]
    create_server(open_studio(arguments), allowed=allowed).run("stdio")
    return 0


def create(arguments: Namespace) -> int:
    """Makes a token and prints its secret, once."""
    database = _database(arguments)
    from sayso.service.access import create_token

    token, secret = create_token(database, arguments.name)
    note(f"token {token.id[:8]} for {token.name}; it is shown this once and kept only as a hash")
    say(secret)
    return 0


def revoke(arguments: Namespace) -> int:
    """Ends a token."""
    database = _database(arguments)
    from sayso.service.access import revoke_token

    token = revoke_token(database, arguments.token)
    say(f"{token.id[:8]} ({token.name}) works no more")
    return 0


def listing(arguments: Namespace) -> int:
    """Prints the tokens, without their secrets."""
    database = _database(arguments)
    from sayso.service.access import list_tokens

    tokens = list_tokens(database)
    if arguments.json:
        show_json([token.model_dump(exclude={"hash"}) for token in tokens])
        return 0
    rows = [(t.id[:8], t.name, _day(t.created_s), _day(t.revoked_s)) for t in tokens]
    show_table(("token", "name", "made", "revoked"), rows)
    return 0


def _settings(arguments: Namespace) -> Settings:
    from sayso.optional import require_all

    needed = ("fastapi", "sqlmodel", "alembic", "uvicorn", "dbos", "structlog")
    require_all(*needed, extra="serve", purpose="the service")
    from sayso.service.settings import Settings

    given = fields(arguments, "folder", "database_url", "model", "llm", "tokens")
    return Settings.from_environment(os.environ, **given)


def _database(arguments: Namespace) -> sa.Engine:
    settings = _settings(arguments)
    from sayso.service.database import connect

    return connect(settings.database)


def _day(when_s: float | None) -> str:
    return "" if when_s is None else datetime.fromtimestamp(when_s).strftime("%Y-%m-%d %H:%M")
