"""What an operator does on the machine itself: people, the master key, the access log."""

import argparse
import asyncio
import sys

from services.registry.adapters.people import SETTING, add_person
from services.registry.people import Role
from services.registry.settings import RegistrySettings
from shared.audit.chain import Broken, Checkpoint
from shared.audit.file import verify_file
from shared.clock import SystemClock
from shared.errors import SettingsError
from shared.voiceprints.rotation import rotate
from shared.voiceprints.settings import LOG, load_vault


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m services.registry", description="Protected artists; without a command, the service."
    )
    commands = top.add_subparsers(dest="command", required=False)
    person = commands.add_parser("add-person", help="let somebody propose or approve; prints their token")
    person.add_argument("person_id", help="for example rita")
    person.add_argument("--name", required=True)
    person.add_argument("--role", type=Role, choices=list(Role), default=Role.REGISTRAR)
    person.add_argument("--artist", action="append", default=[], help="whom a rights holder speaks for")
    commands.add_parser("rotate-master-key", help="wrap every artist's key anew; nothing is restarted")
    log = commands.add_parser("verify-log", help="whether the access log of the voice templates is whole")
    log.add_argument("--checkpoint", type=Checkpoint.parse, help="NUMBER:HASH, as an earlier run printed it")
    return top


def run(given: argparse.Namespace, settings: RegistrySettings) -> int:
    """The exit status: 1 where the access log is not whole.

    Raises:
        SettingsError: what the command needs is not set, or cannot be used.
        SystemicError: an artist's key cannot be read or written.
    """
    if given.command == "add-person":
        return _add_person(given, settings)
    if given.command == "rotate-master-key":
        return _rotate(settings)
    return _verify(given, settings)


def _add_person(given: argparse.Namespace, settings: RegistrySettings) -> int:
    if settings.registry_people is None:
        raise SettingsError(f"set {SETTING} to the file that holds the registry's people")
    if given.person_id == "administrator":
        raise SettingsError("the administrator is whoever holds the administrators' token: take another id")
    token = add_person(settings.registry_people, given.person_id, given.name, given.role, tuple(given.artist))
    sys.stdout.write(token + "\n")
    return 0


def _rotate(settings: RegistrySettings) -> int:
    """With the master keys in the environment the operator has put the new one first; this uses it."""
    vault, file = load_vault(settings, SystemClock()), settings.voiceprint_master_key_file
    if vault is None:
        raise SettingsError("TRACKGATE_VOICEPRINT_KEYS is not set: there are no keys to wrap anew")
    rewrapped = vault.keys.rewrap() if file is None else rotate(vault.keys, file)
    asyncio.run(vault.log.record("master_key_rotated", by="operator", artists=rewrapped))
    sys.stdout.write(f"{rewrapped} artists' keys wrapped anew; the older master keys are not needed\n")
    return 0


def _verify(given: argparse.Namespace, settings: RegistrySettings) -> int:
    if settings.voiceprint_log is None:
        raise SettingsError(f"set {LOG} to the access log")
    found = verify_file(settings.voiceprint_log, given.checkpoint)
    if isinstance(found, Broken):
        sys.stdout.write(f"line {found.line} {found.why}\n")
        return 1
    sys.stdout.write(f"whole; keep this checkpoint elsewhere: {found.head}\n")
    return 0
