"""``python -m services.moderation worker | api | rebuild-views | add-reviewer | verify-audit``."""

import argparse
import asyncio
import sys
from pathlib import Path

from services.moderation.adapters.reviewers import add_reviewer
from services.moderation.domain.access import OTHER_QUEUE, Role
from services.moderation.settings import ModerationApiSettings, ModerationWorkerSettings
from shared import logs
from shared.audit.chain import Broken, Checkpoint
from shared.audit.file import verify_file
from shared.errors import SettingsError, TrackgateError
from shared.exit_status import failed

EXIT_BROKEN = 1


def main() -> int:
    asked = _parser().parse_args()
    try:
        match asked.command:
            case "worker":
                from services.moderation.worker import worker_main  # noqa: PLC0415 - faust only where it runs

                return worker_main(ModerationWorkerSettings.load())
            case "api":
                from services.moderation.api import api_main  # noqa: PLC0415 - FastAPI only where it runs

                return api_main(ModerationApiSettings.load())
            case "rebuild-views":
                return _rebuild(ModerationWorkerSettings.load())
            case "verify-audit":
                return _verify_audit(asked.file, asked.checkpoint)
            case _:
                return _add_reviewer(asked)
    except TrackgateError as error:
        return failed(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.moderation")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("worker", help="keep the queue in step with tracks.decisions")
    commands.add_parser("api", help="the API and the moderators' page")
    commands.add_parser("rebuild-views", help="build the queue in Redis again from Kafka")
    adding = commands.add_parser("add-reviewer", help="let a person sign in; prints the token once")
    adding.add_argument("reviewer_id")
    adding.add_argument("--name", required=True)
    adding.add_argument("--role", choices=[role.value for role in Role], default=Role.MODERATOR.value)
    adding.add_argument("--queue", action="append", default=[], help="only cases of this queue; repeatable")
    adding.add_argument("--label", action="append", default=[], help="may put only this label; repeatable")
    verifying = commands.add_parser("verify-audit", help="check that an audit log is whole and as written")
    verifying.add_argument("file", type=Path)
    verifying.add_argument(
        "--checkpoint",
        type=Checkpoint.parse,
        metavar="NUMBER:HASH",
        help="printed by an earlier run: tells when the end of the log is gone",
    )
    return parser


def _verify_audit(path: Path, checkpoint: Checkpoint | None) -> int:
    found = verify_file(path, checkpoint)
    if isinstance(found, Broken):
        sys.stderr.write(f"{path}: line {found.line} {found.why}\n")
        return EXIT_BROKEN
    sys.stdout.write(f"{found.head.seq} records, whole and in order; checkpoint {found.head}\n")
    return 0


def _rebuild(settings: ModerationWorkerSettings) -> int:
    from services.moderation.rebuild import rebuild  # noqa: PLC0415 - the Kafka client only where it runs

    logs.configure(service="moderation", log_format=settings.log_format, level=settings.log_level)
    rebuilt = asyncio.run(rebuild(settings))
    sys.stdout.write(
        f"read {rebuilt.decisions} decisions and {rebuilt.reviews} reviews: "
        f"{rebuilt.open} cases and {rebuilt.appeals} appeals wait for a person, "
        f"{rebuilt.pending} for policy; "
        f"kept {rebuilt.answers} answers that were not sent yet and {rebuilt.proposals} proposals\n"
    )
    return 0


def _add_reviewer(asked: argparse.Namespace) -> int:
    settings = ModerationApiSettings.load()
    known = {rule.name for rule in settings.moderation_queues} | {OTHER_QUEUE}
    if strange := set(asked.queue) - known:
        raise SettingsError(
            f"no such queue: {', '.join(sorted(strange))}; there are {', '.join(sorted(known))}"
        )
    name, role = asked.name, Role(asked.role)
    token = add_reviewer(
        settings.moderation_reviewers,
        asked.reviewer_id,
        name,
        role,
        queues=tuple(asked.queue),
        labels=tuple(asked.label),
    )
    sys.stderr.write(f"{name} ({role}) may sign in; the token is shown only now:\n")
    sys.stdout.write(f"{token}\n")
    return 0
