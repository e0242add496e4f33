"""draft, shadow, rollout, promote, rollback, retire, versions, show."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from services.policy.adapters.kafka_policies import open_ledger
from services.policy.backtest.report import table
from services.policy.changes import ChangeRefused, Wish, changed, drafted, rolled_back
from services.policy.compiled import DEFAULT_LABELS, Policy, load_policy
from services.policy.settings import PolicySettings
from services.policy.stages import PolicyBook
from shared.events import PolicyStage, PolicyVersionChanged

_STAGES = {
    "shadow": PolicyStage.SHADOW,
    "rollout": PolicyStage.ROLLOUT,
    "promote": PolicyStage.LIVE,
    "retire": PolicyStage.RETIRED,
}
NAMES = frozenset({"draft", *_STAGES, "rollback", "versions", "show"})
Decide = Callable[[PolicyBook], PolicyVersionChanged]


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    draft = commands.add_parser("draft", help="put a policy file on record, to be tried")
    draft.add_argument("file", type=Path)
    draft.add_argument("--labels", type=Path, default=DEFAULT_LABELS)
    about = {
        "shadow": "evaluate a version on live traffic; it never acts",
        "rollout": "let a version decide for a share of the tracks (a second person)",
        "promote": "let a version decide for all tracks (a second person)",
        "retire": "take a version out of use",
    }
    for name, help_text in about.items():
        parser = commands.add_parser(name, help=help_text)
        parser.add_argument("version")
        if name == "rollout":
            parser.add_argument("--percent", type=int, required=True, choices=range(1, 101), metavar="1..100")
    commands.add_parser("rollback", help="the version before decides again, at once")
    for name in ("draft", *about, "rollback"):
        parser = commands.choices[name]
        parser.add_argument("--by", required=True, help="who says so")
        parser.add_argument("--note", default="", help="why")
    commands.add_parser("versions", help="every version, its stage and who brought it there")
    show = commands.add_parser("show", help="the policy file of a version, as it was drafted")
    show.add_argument("version")


def run(chosen: argparse.Namespace, settings: PolicySettings) -> int:
    return asyncio.run(_run(chosen, settings))


async def _run(chosen: argparse.Namespace, settings: PolicySettings) -> int:
    shipped = load_policy(settings.policy_file, settings.policy_labels)
    async with open_ledger(settings.kafka, shipped) as ledger:
        match chosen.command:
            case "versions":
                sys.stdout.write("\n".join(versions(ledger.book)) + "\n")
            case "show":
                known = ledger.book.content(chosen.version)
                if known is None:
                    raise ChangeRefused(f"there is no version {chosen.version}")
                sys.stdout.write(known.source[0])
            case _:
                change = _change(chosen, ledger.book)
                await ledger.record(change)
                share = f" for {change.percent} % of the tracks" if change.percent else ""
                sys.stdout.write(f"{change.version} is {change.stage.value}{share}\n")
                sys.stdout.write(f"deciding now: {_deciding(ledger.book)}\n")
    return 0


def _change(chosen: argparse.Namespace, book: PolicyBook) -> PolicyVersionChanged:
    now = datetime.now(UTC)
    if chosen.command == "draft":
        policy: Policy = load_policy(chosen.file, chosen.labels)
        return drafted(book, policy, Wish(PolicyStage.DRAFT, chosen.by, now, note=chosen.note))
    if chosen.command == "rollback":
        return rolled_back(book, Wish(PolicyStage.RETIRED, chosen.by, now, note=chosen.note))
    percent = getattr(chosen, "percent", 0)
    wish = Wish(_STAGES[chosen.command], chosen.by, now, percent=percent, note=chosen.note)
    return changed(book, chosen.version, wish)


def versions(book: PolicyBook) -> list[str]:
    rows = [
        (
            f"{'▶' if word.version == book.live.version else ' '} {word.version}",
            word.stage.value + (f" {word.percent} %" if word.percent else ""),
            word.author,
            word.steps[-1].by if word.steps else "",
            f"{word.occurred_at:%Y-%m-%d %H:%M:%S}",
            word.steps[-1].note if word.steps else "",
        )
        for word in reversed(book.words)
    ]
    return [*table(("version", "stage", "author", "last step by", "since", "note"), rows)]


def _deciding(book: PolicyBook) -> str:
    beside = f", and {book.rollout.version} for a share" if book.rollout is not None else ""
    shadows = f"; in shadow: {', '.join(policy.version for policy in book.shadows)}" if book.shadows else ""
    return f"{book.live.version}{beside}{shadows}"
