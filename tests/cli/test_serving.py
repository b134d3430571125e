"""`sayso serve` and `sayso token` where they cannot begin: told, and no mistake of ours."""

from __future__ import annotations

import os
import sqlite3

import pytest


@pytest.fixture(autouse=True)
def _mask():
    """What the service sets for its process is not for the tests after it."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--folder", "file"), "cannot be the folder of the service"),
        (("--folder", "file/under"), "cannot be the folder of the service"),
        (("--port", "99999"), "port 99999: expected 0 to 65535"),
        (("--port", "-1"), "port -1: expected 0 to 65535"),
        (("--folder", "newer"), "was written by a newer version of Sayso"),
    ],
)
def test_where_it_cannot_begin_is_told(command, tmp_path, options, words):
    (tmp_path / "file").touch()
    (tmp_path / "newer").mkdir()
    with sqlite3.connect(tmp_path / "newer" / "sayso.sqlite") as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
    database.close()
    data = tmp_path / "data"
    done = command("serve", "--workers", "0", *options, cwd=tmp_path, SAYSO_DATA=data)
    assert done.returncode == 7, done.stderr
    assert words in done.stderr


def test_a_token_of_a_newer_database_is_told(command, tmp_path):
    with sqlite3.connect(tmp_path / "sayso.sqlite") as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
    database.close()
    done = command("token", "create", "anna", cwd=tmp_path, SAYSO_DATA=tmp_path)
    assert done.returncode == 7 and "newer version" in done.stderr
