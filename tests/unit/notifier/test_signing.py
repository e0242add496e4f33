"""What is signed, and that the receiver's side of Standard Webhooks verifies it."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from services.notifier.domain import headers, signature
from shared.webhooks.sealing import Seal, Unsealable, new_secret, secret_bytes
from tests.support.events import an_upload
from tests.unit.notifier.making import OLDER_SECRET, SECRET, queued

MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_the_published_example_of_the_specification_comes_out() -> None:
    signed = signature(SECRET, MESSAGE, 1614265330, '{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_verifies_with_id_timestamp_and_the_raw_body() -> None:
    body = queued().body or ""
    sent = headers([SECRET], "an-id", datetime(2026, 11, 23, tzinfo=UTC), body)
    content = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.{body}".encode()
    expected = hmac.new(base64.b64decode(SECRET.removeprefix("whsec_")), content, hashlib.sha256).digest()
    assert sent["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"


@pytest.mark.parametrize(
    ("part", "other"), [("id", "b"), ("time", 2), ("body", "{} "), ("secret", OLDER_SECRET)]
)
def test_each_part_changes_the_signature(part: str, other: object) -> None:
    said: dict[str, object] = {"secret": SECRET, "id": "a", "time": 1, "body": "{}"}
    changed = said | {part: other}

    def sign(parts: dict[str, object]) -> str:
        return signature(str(parts["secret"]), str(parts["id"]), int(str(parts["time"])), str(parts["body"]))

    assert sign(changed) != sign(said)


def test_during_a_change_of_secret_both_sign() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    both = headers([SECRET, OLDER_SECRET], "an-id", now, "{}")["webhook-signature"].split(" ")
    assert both == [
        signature(secret, "an-id", int(now.timestamp()), "{}") for secret in (SECRET, OLDER_SECRET)
    ]


def test_a_new_secret_has_256_random_bits() -> None:
    assert len(secret_bytes(new_secret())) == 32
    assert new_secret() != new_secret()


def test_the_same_decision_gives_the_same_delivery_and_the_same_bytes() -> None:
    assert queued() == queued()
    assert queued().delivery_id != queued(distributor_id="southgate").delivery_id


def test_the_body_says_what_became_of_the_track_and_shows_no_evidence() -> None:
    body = queued().body or ""
    told = json.loads(body)
    assert told["type"] == "track.decided"
    assert told["data"]["state"] == "quarantine"
    assert told["data"]["reasons"] == [{"code": "voice_match", "text": "Sounds like somebody."}]
    assert told["data"]["title"] == an_upload().declaration.title
    assert "finding-1" not in body


def test_a_sealed_secret_opens_for_its_distributor_under_its_key_alone() -> None:
    seal = Seal(bytes(32))
    sealed = seal.close(SECRET, "northwind")
    assert SECRET not in sealed
    assert seal.open(sealed, "northwind") == SECRET
    with pytest.raises(Unsealable, match="another distributor"):
        seal.open(sealed, "southgate")
    with pytest.raises(Unsealable, match="another TRACKGATE_WEBHOOK_KEY"):
        Seal(bytes([1] * 32)).open(sealed, "northwind")
    with pytest.raises(Unsealable):
        seal.open(sealed[:-6] + "AAAA==", "northwind")
