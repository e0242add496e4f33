"""An artist's key: made once, found by whoever shares the folder, and gone for good when destroyed."""

import stat
from pathlib import Path

import pytest

from shared.errors import SystemicError
from shared.voiceprints.keyring import Keyring
from shared.voiceprints.master import MasterKey, new_master_key, read_file, write_file
from shared.voiceprints.rotation import rotate
from shared.voiceprints.sealing import Unopened, seal, unseal


@pytest.fixture
def master_file(tmp_path: Path) -> Path:
    file = tmp_path / "secret" / "master"
    write_file(file, (new_master_key(),))
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keyring(folder: Path, master_file: Path) -> Keyring:
    return Keyring(folder, lambda: read_file(master_file, "MASTER"))


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_nobody_has_a_key_before_it_is_made(keyring: Keyring) -> None:
    assert keyring.find("ada") is None


def test_a_key_is_made_once_and_found_by_every_process(
    keyring: Keyring, folder: Path, master_file: Path
) -> None:
    made = keyring.make("ada")
    another = Keyring(folder, lambda: read_file(master_file, "MASTER"))
    assert keyring.make("ada") == another.make("ada") == another.find("ada") == made
    assert keyring.make("eve").key != made.key


def test_no_file_holds_a_key_in_the_clear_and_nobody_else_may_read_it(keyring: Keyring, folder: Path) -> None:
    made = keyring.make("ada")
    assert made.key not in everything_in(folder)
    assert made.key.hex().encode() not in everything_in(folder)
    assert stat.S_IMODE((folder / "ada.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_a_destroyed_key_sealed_stays_sealed(keyring: Keyring, folder: Path) -> None:
    made = keyring.make("ada")
    sealed = seal(made.key, b"a voice", "ada", made.key_id)
    assert keyring.destroy("ada") is True
    assert keyring.find("ada") is None
    assert made.key_id.encode() not in everything_in(folder)
    again = keyring.make("ada")
    assert again.key_id != made.key_id
    assert isinstance(unseal(again.key, sealed, "ada", made.key_id), Unopened)


def test_destroying_what_there_is_not_is_no_error(keyring: Keyring) -> None:
    assert keyring.destroy("nobody") is False


def test_a_key_file_copied_under_another_name_is_not_that_artists_key(keyring: Keyring, folder: Path) -> None:
    keyring.make("ada")
    (folder / "eve.json").write_bytes((folder / "ada.json").read_bytes())
    with pytest.raises(SystemicError, match="eve"):
        keyring.find("eve")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"key_id": "a", "master": "b", "wrapped": "v1.x"}']
)
def test_a_damaged_key_is_an_outage_and_not_a_missing_key(
    keyring: Keyring, folder: Path, content: bytes
) -> None:
    (folder / "ada.json").write_bytes(content)
    with pytest.raises(SystemicError, match="ada"):
        keyring.find("ada")


@pytest.mark.parametrize("name", ["../ada", "", ".lock", "a/b", "A"])
def test_only_artists_have_keys(keyring: Keyring, name: str) -> None:
    with pytest.raises(ValueError, match="artist"):
        keyring.make(name)


class TestRotation:
    def test_keys_stay_and_are_wrapped_anew(self, keyring: Keyring, folder: Path, master_file: Path) -> None:
        made, before = keyring.make("ada"), everything_in(folder)
        old = read_file(master_file, "MASTER")
        rotated = rotate(keyring, master_file)
        assert (rotated, len(read_file(master_file, "MASTER"))) == (1, 1)
        assert everything_in(folder) != before
        assert keyring.find("ada") == made
        with pytest.raises(SystemicError, match="not here"):
            Keyring(folder, lambda: old).find("ada")

    def test_a_process_that_runs_follows_without_a_restart(
        self, keyring: Keyring, folder: Path, master_file: Path
    ) -> None:
        running = Keyring(folder, lambda: read_file(master_file, "MASTER"))
        made = running.make("ada")
        rotate(keyring, master_file)
        assert running.find("ada") == made
        running.make("eve")
        assert keyring.find("eve") is not None
        assert rotate(keyring, master_file) == 2

    def test_cut_off_before_the_old_keys_go_it_is_finished_by_running_it_again(
        self, keyring: Keyring, folder: Path, master_file: Path
    ) -> None:
        made = [keyring.make(name) for name in ("ada", "eve")]
        fresh = new_master_key()
        write_file(master_file, (fresh, *read_file(master_file, "MASTER")))
        half: tuple[MasterKey, ...] = read_file(master_file, "MASTER")
        assert [Keyring(folder, lambda: half).find(name) for name in ("ada", "eve")] == made
        assert rotate(keyring, master_file) == 2
        assert [keyring.find(name) for name in ("ada", "eve")] == made

    def test_a_copy_of_a_destroyed_key_is_unreadable_after_it(
        self, keyring: Keyring, folder: Path, master_file: Path
    ) -> None:
        keyring.make("ada")
        backup = (folder / "ada.json").read_bytes()
        keyring.destroy("ada")
        rotate(keyring, master_file)
        (folder / "ada.json").write_bytes(backup)
        with pytest.raises(SystemicError, match="not here"):
            Keyring(folder, lambda: read_file(master_file, "MASTER")).find("ada")
