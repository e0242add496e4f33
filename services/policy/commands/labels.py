"""label: a person's word on one label of a track."""

import argparse
import asyncio
import sys
import uuid
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from services.policy.compiled import load_policy
from services.policy.settings import PolicySettings
from shared.errors import SettingsError
from shared.events import LabelAction, LabelStated
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import LABELS
from shared.views.redis_tracks import RedisTrackViews

NAMES = frozenset({"label"})


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    label = commands.add_parser(
        "label", help="add a label to a track, or take one away, for a time or for good"
    )
    label.add_argument("track")
    label.add_argument("action", choices=[action.value for action in LabelAction])
    label.add_argument("code", help="of the label file, for example ai-detected")
    label.add_argument("--by", required=True, help="who says so")
    label.add_argument("--reason", required=True)
    label.add_argument("--days", type=float, help="how long it holds; until the next statement when left out")


def run(chosen: argparse.Namespace, settings: PolicySettings) -> int:
    return asyncio.run(_run(chosen, settings))


async def _run(chosen: argparse.Namespace, settings: PolicySettings) -> int:
    labels = load_policy(settings.policy_file, settings.policy_labels).labels
    if labels.text(chosen.code) is None:
        raise SettingsError(f"no label {chosen.code}; there is {', '.join(sorted(labels.labels))}")
    async with Redis.from_url(settings.redis) as client:
        view = await RedisTrackViews(client).load(chosen.track)
    if view is None or view.upload is None:
        raise SettingsError(f"{chosen.track} is not known")
    now = datetime.now(UTC)
    statement = LabelStated(
        event_id=str(uuid.uuid4()),
        occurred_at=now,
        track_id=chosen.track,
        audio_sha256=view.upload.audio.sha256,
        code=chosen.code,
        action=LabelAction(chosen.action),
        by=chosen.by,
        reason=chosen.reason,
        expires_at=now + timedelta(days=chosen.days) if chosen.days is not None else None,
    )
    async with ConfluentPublisher(settings.kafka) as publisher:
        await publisher.publish(envelope(LABELS, statement, source="policy"))
    sys.stdout.write(f"{chosen.action} {chosen.code} on {chosen.track}: statement {statement.event_id}\n")
    return 0
