"""backtest, replay and statements: over the decision log in Kafka."""

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import ValidationError

from services.policy.adapters.kafka_history import KafkaHistory
from services.policy.adapters.kafka_policies import open_ledger
from services.policy.backtest.compare import Backtest, Comparison
from services.policy.backtest.html import as_html
from services.policy.backtest.limits import Limits, broken
from services.policy.backtest.replay import Differs, Identical, replayed
from services.policy.backtest.report import as_json, as_text
from services.policy.commands.since import moment, percentage
from services.policy.compiled import DEFAULT_LABELS, Policy, load_policy
from services.policy.personal_data import personal_data_in
from services.policy.settings import PolicySettings
from services.policy.statements import Statement
from shared.errors import ContractError, SettingsError
from shared.events import DecisionMade
from shared.topics import DECISIONS

NAMES = frozenset({"backtest", "replay", "statements"})
EXIT_LIMIT = 3
EXIT_FAULTY = 1


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    back = commands.add_parser("backtest", help="what a policy would have made of the decisions on record")
    what = back.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=Path)
    what.add_argument("--version", dest="policy_version", help="of the policies topic, instead of a file")
    back.add_argument("--labels", type=Path, default=DEFAULT_LABELS)
    back.add_argument("--since", type=moment, help="7d, 24h, 2026-11-01; everything when left out")
    back.add_argument("--json", type=Path, metavar="FILE", help="the report as JSON; - prints it")
    back.add_argument("--html", type=Path, metavar="FILE", help="the report as a page with charts")
    limits = back.add_argument_group("limits", f"exit status {EXIT_LIMIT} when one is broken")
    limits.add_argument("--max-changed", type=percentage, metavar="PERCENT")
    limits.add_argument("--max-more-reviews", type=percentage, metavar="PERCENT")
    limits.add_argument("--min-precision", type=percentage, metavar="PERCENT")
    limits.add_argument("--min-recall", type=percentage, metavar="PERCENT")
    again = commands.add_parser("replay", help="decide again from the record and compare word for word")
    again.add_argument("track", nargs="?")
    again.add_argument("--since", type=moment)
    export = commands.add_parser("statements", help="DSA statements of reasons, one JSON object a line")
    export.add_argument("--since", type=moment)
    export.add_argument("--out", type=Path, metavar="FILE", help="standard output when left out")


def run(chosen: argparse.Namespace, settings: PolicySettings) -> int:
    match chosen.command:
        case "backtest":
            return asyncio.run(_backtest(chosen, settings))
        case "replay":
            return asyncio.run(_replay(chosen, settings))
        case _:
            return asyncio.run(_statements(chosen, settings))


async def decisions(settings: PolicySettings) -> AsyncIterator[DecisionMade]:
    """Every decision once, in the order of its partition; repeats and bad records are left out."""
    seen: set[str] = set()
    async for batch in KafkaHistory(settings.kafka).read(DECISIONS):
        for message in batch:
            try:
                decision = DecisionMade.from_bytes(message.value)
            except ContractError as error:
                sys.stderr.write(f"skipped {message.topic}/{message.partition}@{message.offset}: {error}\n")
                continue
            if decision.event_id not in seen:
                seen.add(decision.event_id)
                yield decision


async def _candidate(chosen: argparse.Namespace, settings: PolicySettings) -> Policy:
    if chosen.file is not None:
        return load_policy(chosen.file, chosen.labels)
    async with open_ledger(
        settings.kafka, load_policy(settings.policy_file, settings.policy_labels)
    ) as ledger:
        found = ledger.book.content(chosen.policy_version)
    if found is None:
        raise SettingsError(f"there is no version {chosen.policy_version}")
    return found


async def _backtest(chosen: argparse.Namespace, settings: PolicySettings) -> int:
    test = Backtest(await _candidate(chosen, settings), since=chosen.since)
    async for decision in decisions(settings):
        test.see(decision)
    limits = Limits(chosen.max_changed, chosen.max_more_reviews, chosen.min_precision, chosen.min_recall)
    return tell(test.found, limits, json_file=chosen.json, html_file=chosen.html)


def tell(found: Comparison, limits: Limits, *, json_file: Path | None, html_file: Path | None) -> int:
    """Write the report in every form that was asked for; the exit status."""
    faults = broken(found, limits)
    told = json.dumps(as_json(found, faults), indent=2) + "\n"
    if json_file is not None and str(json_file) == "-":
        sys.stdout.write(told)
    else:
        sys.stdout.write(as_text(found, faults))
        if json_file is not None:
            json_file.write_text(told, encoding="utf-8")
    if html_file is not None:
        html_file.write_text(as_html(found, faults), encoding="utf-8")
    return EXIT_LIMIT if faults else 0


async def _replay(chosen: argparse.Namespace, settings: PolicySettings) -> int:
    counted: Counter[str] = Counter()
    shipped = load_policy(settings.policy_file, settings.policy_labels)
    async with open_ledger(settings.kafka, shipped) as ledger:
        async for decision in decisions(settings):
            if chosen.track is not None and decision.track_id != chosen.track:
                continue
            if chosen.since is not None and decision.occurred_at < chosen.since:
                continue
            result = replayed(decision, ledger.book)
            counted[type(result).__name__] += 1
            if not isinstance(result, Identical):
                why = f"other {', '.join(result.fields)}" if isinstance(result, Differs) else result.why
                sys.stdout.write(f"{decision.track_id} decision {decision.sequence}: {why}\n")
    sys.stdout.write(
        f"{counted['Identical']} identical, {counted['Differs']} different, "
        f"{counted['NotReplayable']} not replayable\n"
    )
    return 0 if counted.total() == counted["Identical"] else EXIT_FAULTY


async def _statements(chosen: argparse.Namespace, settings: PolicySettings) -> int:
    """Valid ones that give nobody away are written; each of the others is told, and the exit status is 1."""
    lines: list[str] = []
    refused = 0
    async for decision in decisions(settings):
        if decision.statement is None or (chosen.since is not None and decision.occurred_at < chosen.since):
            continue
        faults = statement_faults(decision)
        if faults:
            refused += 1
            sys.stderr.write(f"{decision.event_id}: {'; '.join(faults)}\n")
        else:
            lines.append(json.dumps(decision.statement, ensure_ascii=False, sort_keys=True) + "\n")
    if chosen.out is None:
        sys.stdout.writelines(lines)
    else:
        chosen.out.write_text("".join(lines), encoding="utf-8")
    sys.stderr.write(f"{len(lines)} statements, {refused} refused\n")
    return EXIT_FAULTY if refused else 0


def statement_faults(decision: DecisionMade) -> tuple[str, ...]:
    """Why the decision's statement must not leave: it is not valid, or it names someone."""
    statement = decision.statement or {}
    try:
        Statement.model_validate(statement)
    except ValidationError as error:
        return tuple(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)
        )
    return personal_data_in(statement, _names(decision))


def _names(decision: DecisionMade) -> list[str]:
    given = decision.policy_input
    declared = given.get("declaration", {})
    artists = [*given.get("matches", ()), *given.get("claims", ())]
    credits_ = declared.get("credits", ())
    return [
        str(declared.get("display_artist", "")),
        *(str(one.get("name", "")) for one in (*artists, *credits_)),
    ]
