"""From a proposal to a protected voice and back to nothing: the registry, both detectors, a real broker."""

import re
import subprocess
import sys
import time
import uuid
from contextlib import ExitStack
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from shared.audit.chain import Whole
from shared.audit.file import verify_file
from shared.voiceprints.keyring import Keyring
from shared.voiceprints.master import read_file
from shared.voiceprints.sealing import Unopened, unseal
from tests.integration.registry.running import (
    ROOT,
    SAMPLES,
    RunningRegistry,
    proposed,
    running_registry,
    told,
    until,
    voiceprint_records,
)
from tests.support.stack import Endpoints

pytestmark = pytest.mark.timeout(600)
REFERENCES = [SAMPLES / "references" / f"liva-norrfjell-{number}.flac" for number in (1, 2)]
ACCEPTING = "A fiction of the samples, sung by a synthesiser."


async def test_two_people_protect_a_voice_and_one_makes_it_unreadable_for_good(
    endpoints: Endpoints, tmp_path: Path
) -> None:
    artist = f"liva-{uuid.uuid4().hex[:8]}"
    with running_registry(endpoints, tmp_path) as registry, ExitStack() as stack:
        workers = {
            name: stack.enter_context(registry.detector(name)) for name in ("voice_matcher", "ai_detector")
        }
        async with registry.client("rita") as rita, registry.client("omar") as omar:
            await proposed(rita, artist, *REFERENCES)
            checked = await until(
                lambda: told(omar, f"/v1/proposals/{artist}"), lambda proposal: not proposal["waiting_for"]
            )
            assert checked["unfit"] == []
            assert all(checked["seconds_of_voice"][one["sha256"]] > 5 for one in checked["references"])
            same = {"proposal_id": checked["proposal_id"]}
            assert (await rita.post(f"/v1/proposals/{artist}/approve", json=same)).status_code == 409
            assert voiceprint_records(endpoints.bootstrap_servers, artist) == []

            accepting = same | {"accepting": ACCEPTING if checked["doubts"] else ""}
            approved = await omar.post(f"/v1/proposals/{artist}/approve", json=accepting)
            assert approved.status_code == 200, approved.text
            await until(
                lambda: told(omar, f"/v1/artists/{artist}"),
                lambda known: known["template_made_at"] is not None,
            )
            (sealed,) = voiceprint_records(endpoints.bootstrap_servers, artist)
            assert sealed is not None
            master = tmp_path / "vault" / "master" / "key"
            keys = Keyring(tmp_path / "vault" / "keys", lambda: read_file(master, "MASTER"))
            key = keys.find(artist)
            assert key is not None
            bound = (artist, sealed.key_id, sealed.model_version, *sealed.references)
            assert isinstance(unseal(key.key, sealed.sealed, *bound), bytes)

            workers["voice_matcher"].terminate()
            workers["voice_matcher"].wait(60)
            again = stack.enter_context(registry.detector("voice_matcher"))
            await until(lambda: _deeds_of(registry, artist), lambda deeds: "template_opened" in deeds)
            assert again.poll() is None
            assert len(voiceprint_records(endpoints.bootstrap_servers, artist)) == 1

            began = time.monotonic()
            same = {"proposal_id": checked["proposal_id"]}
            assert (await rita.post(f"/v1/artists/{artist}/withdraw")).json()["status"] == "withdrawn"
            log = tmp_path / "voice_matcher.log"
            await until(lambda: _lines(log, "artist forgotten", artist), bool)
            assert time.monotonic() - began < 10.0

        old, tombstone = voiceprint_records(endpoints.bootstrap_servers, artist)
        assert (old, tombstone) == (sealed, None)
        assert keys.find(artist) is None
        remade = keys.make(artist)
        assert isinstance(unseal(remade.key, sealed.sealed, *bound), Unopened)
        assert [path for path in (tmp_path / "objects" / "references").rglob("*") if path.is_file()] == []
        of_artist = [deed for deed, about in registry.deeds() if about == artist]
        assert of_artist == [
            *("compared_for_a_proposal", "key_made", "template_sealed", "template_opened"),
            *("key_destroyed", "template_deleted"),
        ]
        assert isinstance(verify_file(tmp_path / "vault" / "access.jsonl"), Whole)


async def test_a_recording_that_nobody_can_hear_is_refused_in_words(
    endpoints: Endpoints, tmp_path: Path
) -> None:
    artist = f"nobody-{uuid.uuid4().hex[:8]}"
    with running_registry(endpoints, tmp_path) as registry, ExitStack() as stack:
        for name in ("voice_matcher", "ai_detector"):
            stack.enter_context(registry.detector(name))
        async with registry.client("rita") as rita, registry.client("omar") as omar:
            faint = tmp_path / "faint.flac"
            noise = np.random.default_rng(1).standard_normal(12 * 16_000) * 10 ** (-75 / 20)
            soundfile.write(faint, noise.astype(np.float32), 16_000, subtype="PCM_24")
            await proposed(rita, artist, faint)
            checked = await until(
                lambda: told(omar, f"/v1/proposals/{artist}"), lambda proposal: not proposal["waiting_for"]
            )
            assert [one["code"] for one in checked["unfit"]] == ["silent"]
            accepting = {"proposal_id": checked["proposal_id"], "accepting": ACCEPTING}
            refused = await omar.post(f"/v1/proposals/{artist}/approve", json=accepting)
            assert refused.status_code == 409
            assert "unfit" in refused.json()["detail"]


def test_the_master_key_is_changed_by_a_command_while_everything_runs(
    endpoints: Endpoints, tmp_path: Path
) -> None:
    with running_registry(endpoints, tmp_path) as registry:
        master = tmp_path / "vault" / "master" / "key"
        keys = Keyring(tmp_path / "vault" / "keys", lambda: read_file(master, "MASTER"))
        made, before = keys.make("ada"), master.read_text()

        def command(*arguments: str) -> str:
            ended = subprocess.run(
                [sys.executable, "-m", "services.registry", *arguments],
                cwd=ROOT,
                env=registry.environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert ended.returncode == 0, ended.stderr
            return ended.stdout

        assert re.search(r"\b[1-9]\d* artists' keys wrapped anew", command("rotate-master-key"))
        assert master.read_text() != before
        assert keys.find("ada") == made
        assert "whole" in command("verify-log")
        token = command("add-person", "vera", "--name", "Vera", "--role", "rights_holder", "--artist", "ada")
        headers = {"Authorization": f"Bearer {token.strip()}"}
        assert httpx.get(f"{registry.url}/v1/artists", headers=headers).json() == []


async def _deeds_of(registry: RunningRegistry, artist: str) -> list[str]:
    return [deed for deed, about in registry.deeds() if about == artist]


async def _lines(log: Path, *words: str) -> list[str]:
    return [line for line in log.read_text().splitlines() if all(word in line for word in words)]  # noqa: ASYNC240 - a test's own file
