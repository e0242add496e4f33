"""Audio is stored once, whole or not at all."""

import hashlib

import pytest

from shared.errors import ObjectMissing, ObjectTooLarge, SettingsError, StoreUnavailable
from shared.objects.folder import FolderStore


async def body(*chunks: bytes):
    for chunk in chunks:
        yield chunk


async def test_what_is_put_lies_under_its_own_hash(tmp_path):
    store = FolderStore(tmp_path)
    stored = await store.put(body(b"ab", b"cd"), limit_bytes=100)
    assert stored.sha256 == hashlib.sha256(b"abcd").hexdigest()
    assert stored.bytes == 4
    assert store.local_path(stored.uri).read_bytes() == b"abcd"


async def test_the_same_bytes_again_have_the_same_address(tmp_path):
    store = FolderStore(tmp_path)
    assert await store.put(body(b"x"), limit_bytes=9) == await store.put(body(b"x"), limit_bytes=9)


async def test_too_large_a_body_leaves_nothing_behind(tmp_path):
    store = FolderStore(tmp_path)
    with pytest.raises(ObjectTooLarge):
        await store.put(body(b"1234", b"5"), limit_bytes=4)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_body_that_breaks_off_leaves_nothing_behind(tmp_path):
    async def broken():
        yield b"123"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await FolderStore(tmp_path).put(broken(), limit_bytes=10)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "uri", ["trackgate://sha256/" + "0" * 64, "trackgate://sha256/../../etc", "file:///etc/passwd"]
)
def test_an_address_of_nothing_here_is_missing(tmp_path, uri):
    with pytest.raises(ObjectMissing):
        FolderStore(tmp_path).local_path(uri)


def test_a_folder_that_went_away_is_an_outage_not_a_missing_object(tmp_path):
    store = FolderStore(tmp_path / "store")
    (tmp_path / "store" / "incoming").rmdir()
    with pytest.raises(StoreUnavailable):
        store.local_path("trackgate://sha256/" + "0" * 64)


def test_a_root_that_cannot_be_made_stops_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="TRACKGATE_STORE"):
        FolderStore(tmp_path / "file" / "store")
