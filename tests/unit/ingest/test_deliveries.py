"""Delivering over HTTP: what is accepted, what is the same again, what is refused and how."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from services.ingest.domain import key_sha256
from tests.unit.audio.sound import encoded, flac_of_silence, tone
from tests.unit.ingest.fakes import Ingest, faults

FLAC = encoded(tone(1.0), "FLAC")
OTHER = encoded(tone(1.5), "FLAC")


@pytest.fixture
def ingest(tmp_path: Path) -> Ingest:
    return Ingest(tmp_path / "objects")


@pytest.mark.parametrize("audio_first", [False, True])
async def test_a_delivery_is_announced_with_what_was_counted_then_promised(
    ingest: Ingest, *, audio_first: bool
) -> None:
    answer = await ingest.deliver(FLAC, key="k", audio_first=audio_first)
    assert answer.status_code == 202
    (upload,) = ingest.announcer.announced
    assert answer.json() == {
        "track_id": upload.track_id,
        "status_url": f"/v1/tracks/{upload.track_id}",
        "events_url": f"/v1/tracks/{upload.track_id}/events",
    }
    assert (upload.audio.codec, upload.audio.frames, upload.audio.bytes) == ("flac", 44_100, len(FLAC))
    assert (upload.distributor_id, upload.file_name) == ("acme", "night-bus.flac")
    assert upload.idempotency_key_sha256 == key_sha256("k")
    (stored,) = ingest.stored()
    assert stored.read_bytes() == FLAC


async def test_the_same_again_is_the_same_track_and_announced_once(ingest: Ingest) -> None:
    first = await ingest.deliver(FLAC, key="k")
    for key in ("k", "another", None):
        again = await ingest.deliver(FLAC, key=key)
        assert again.status_code == 202
        assert again.headers["idempotent-replayed"] == "true"
        assert again.json() == first.json()
    assert len(ingest.announcer.announced) == 1


async def test_the_same_again_is_the_same_track_even_when_redis_forgot_everything(
    ingest: Ingest, tmp_path: Path
) -> None:
    first = await ingest.deliver(FLAC, key="k")
    forgetful = Ingest(tmp_path / "objects")
    again = await forgetful.deliver(FLAC, key="k")
    assert again.json() == first.json()
    assert forgetful.announcer.announced[0].event_id == ingest.announcer.announced[0].event_id


async def test_a_key_stands_for_one_request(ingest: Ingest) -> None:
    await ingest.deliver(FLAC, key="k")
    answer = await ingest.deliver(OTHER, key="k")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith(":idempotency-key-reused")
    assert set(faults(answer)) == {"Idempotency-Key"}


async def test_a_key_that_came_with_a_repeat_stands_for_it_too(ingest: Ingest) -> None:
    await ingest.deliver(FLAC)
    await ingest.deliver(FLAC, key="later")
    assert (await ingest.deliver(OTHER, key="later")).status_code == 422


async def test_keys_of_different_distributors_do_not_meet(ingest: Ingest) -> None:
    await ingest.deliver(FLAC, key="k")
    assert (await ingest.deliver(OTHER, key="k", caller="other")).status_code == 202


async def test_two_requests_with_one_key_at_once_conflict(ingest: Ingest) -> None:
    answers = await asyncio.gather(*(ingest.deliver(FLAC, key="k") for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [202, 409]
    assert len(ingest.announcer.announced) == 1
    assert (await ingest.deliver(FLAC, key="k")).status_code == 202


async def test_a_broker_that_does_not_acknowledge_gives_no_promise_and_takes_no_quota(ingest: Ingest) -> None:
    ingest.announcer.broken = True
    answer = await ingest.deliver(FLAC, key="k", caller="small")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert not any(ingest.ledger.days.values())
    ingest.announcer.broken = False
    assert (await ingest.deliver(FLAC, key="k", caller="small")).status_code == 202


async def test_redis_being_down_neither_loses_nor_refuses_a_delivery(ingest: Ingest) -> None:
    ingest.ledger.down = ingest.views.down = True
    answer = await ingest.deliver(FLAC, key="k")
    assert answer.status_code == 202
    assert len(ingest.announcer.announced) == 1
    reading = await ingest.get(answer.json()["status_url"])
    assert reading.status_code == 503
    assert reading.headers["content-type"] == "application/problem+json"


async def test_the_quota_is_by_distributor_and_day_and_repeats_are_free(ingest: Ingest) -> None:
    assert (await ingest.deliver(FLAC, key="k", caller="small")).status_code == 202
    assert (await ingest.deliver(OTHER, caller="small")).status_code == 202
    third = encoded(tone(0.5), "FLAC")
    answer = await ingest.deliver(third, caller="small")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == str(12 * 3600 + 1)
    assert set(faults(answer)) == {"audio"}
    assert (await ingest.deliver(FLAC, key="k", caller="small")).status_code == 202
    assert (await ingest.deliver(third, caller="other")).status_code == 202
    ingest.clock.at += timedelta(days=1)
    assert (await ingest.deliver(third, caller="small")).status_code == 202


async def test_the_quota_holds_for_deliveries_at_the_same_time(ingest: Ingest) -> None:
    files = [encoded(tone(0.1 * n), "FLAC") for n in range(1, 6)]
    answers = await asyncio.gather(*(ingest.deliver(file, caller="small") for file in files))
    assert sorted(answer.status_code for answer in answers) == [202, 202, 429, 429, 429]


@pytest.mark.parametrize(
    ("caller", "status"),
    [("tgk_unknown", 401), ("acme", 202), ("barred", 403), ("", 401), ("Tgk_acme", 401)],
)
async def test_only_registered_active_distributors_deliver(ingest: Ingest, caller: str, status: int) -> None:
    answer = await ingest.deliver(FLAC, caller=caller)
    assert answer.status_code == status
    if status != 202:
        assert set(faults(answer)) == {"Authorization"}
        assert not ingest.announcer.announced
        assert not ingest.stored()


async def test_bad_audio_is_refused_removed_and_not_announced(ingest: Ingest, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    flac_of_silence(bomb, 3600)
    long = tmp_path / "long"
    flac_of_silence(long, 9 * 3600)
    bad = {
        "not_audio": b"These are the lyrics.\n" * 100,
        "truncated": FLAC[:-5_000],
        "decompression_bomb": bomb.read_bytes(),
        "too_long": long.read_bytes(),
    }
    for kind, content in bad.items():
        answer = await ingest.deliver(content)
        assert answer.status_code == 422
        assert answer.json()["type"].endswith(":invalid-audio")
        assert kind in faults(answer)["audio"]
    assert not ingest.announcer.announced
    assert not ingest.stored()


async def test_an_accepted_track_keeps_its_audio_when_a_later_delivery_of_it_is_refused(
    ingest: Ingest,
) -> None:
    await ingest.deliver(FLAC)
    answer = await ingest.deliver(FLAC, json.dumps({"title": ""}), audio_first=True)
    assert answer.status_code == 422
    assert [path.read_bytes() for path in ingest.stored()] == [FLAC]


async def test_wrong_metadata_in_front_spares_the_audio_its_way(ingest: Ingest) -> None:
    answer = await ingest.deliver(FLAC, '{"title": "x", "display_artist": "y", "isrc": "XX"}')
    assert answer.status_code == 422
    assert "ISRC" in faults(answer)["metadata.isrc"]
    assert not ingest.stored()


@pytest.mark.parametrize(
    ("audio", "metadata", "fields"),
    [
        (None, "{}", {"metadata.title", "metadata.display_artist"}),
        (FLAC, None, {"metadata"}),
        (b"", None, {"metadata"}),
    ],
)
async def test_missing_parts_are_named(
    ingest: Ingest, audio: bytes | None, metadata: str | None, fields: set[str]
) -> None:
    answer = await ingest.deliver(audio, metadata)
    assert set(faults(answer)) == fields


async def test_an_audio_part_alone_missing_is_named(ingest: Ingest) -> None:
    answer = await ingest.deliver(None)
    assert answer.status_code == 400
    assert faults(answer) == {"audio": "this part is missing"}


async def test_a_file_over_the_limit_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    ingest = Ingest(tmp_path / "objects", max_bytes=10_000)
    answer = await ingest.deliver(FLAC)
    assert answer.status_code == 413
    assert faults(answer) == {"audio": "more than 10000 bytes"}
    assert not ingest.stored()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b"no form at all"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="audio"\r\n\r\nhalf',
        ),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Type: text/plain\r\n\r\nnameless\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="lyrics"\r\n\r\nla\r\n--x--\r\n',
        ),
        ("multipart/form-data; boundary=" + "x" * 500, b""),
    ],
)
async def test_a_body_that_is_no_delivery_is_refused(ingest: Ingest, content_type: str, body: bytes) -> None:
    headers = {"Authorization": "Bearer tgk_acme", "Content-Type": content_type}
    answer = await ingest.http.post("/v1/tracks", content=body, headers=headers)
    assert answer.status_code == 400
    assert faults(answer)
    assert not ingest.stored()
