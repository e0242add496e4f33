"""A recording of three minutes plays at once, also over a slow line, and so does a passage near its end."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile
from playwright.async_api import Browser, expect

from shared.events import AiUse, AudioRef, Declaration, TrackUploaded, Verdict
from tests.e2e.moderation.test_deciding_in_the_browser import in_queue, sign_in
from tests.e2e.moderation.world import World, a_finding, passages

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
RATE, SECONDS = 44_100, 180
MEASURED = Path(__file__).parents[3] / "build" / "bench" / "listening.json"
SLOW_LINE = 500_000
"""Bytes a second: the whole file takes most of a minute."""

AFRESH = """async () => {
  const answer = await fetch(`/v1/cases/${document.body.dataset.case}/audio`);
  const { url } = (await answer.json()).sounds[0];
  const audio = document.getElementById('audio');
  const begun = performance.now();
  const heard = new Promise((done) => {
    audio.addEventListener('canplay', () => done((performance.now() - begun) / 1000), { once: true });
  });
  audio.src = url;
  audio.load();
  return heard;
}"""
"""A new link, of which the browser has nothing yet; seconds until it could play."""

SEEK = """(to) => new Promise((heard) => {
  const audio = document.getElementById('audio');
  const begun = performance.now();
  const done = () => heard({ seconds: (performance.now() - begun) / 1000, at: audio.currentTime });
  audio.addEventListener('seeked', done, { once: true });
  audio.currentTime = to;
})"""


def three_minutes(path: Path) -> None:
    """Noise over a tone in stereo: it compresses as badly as dense music does."""
    chance = np.random.default_rng(20261123)
    tone = 0.2 * np.sin(np.arange(RATE * SECONDS) / 20)
    noise = 0.1 * chance.standard_normal((RATE * SECONDS, 2))
    soundfile.write(path, (tone[:, None] + noise).clip(-1, 1), RATE, subtype="PCM_16", format="FLAC")


async def a_long_case(world: World, path: Path) -> tuple[str, int]:
    await asyncio.to_thread(three_minutes, path)

    content = await asyncio.to_thread(path.read_bytes)

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    stored = await world.store.put(chunks(), limit_bytes=1 << 30)
    now = datetime.now(UTC)
    upload = TrackUploaded(
        event_id=str(uuid.uuid4()),
        occurred_at=now,
        track_id=str(uuid.uuid4()),
        distributor_id="northwind-distribution",
        declaration=Declaration(title="Three Minutes", display_artist="Glass Orchard", ai_use=AiUse.NONE),
        audio=AudioRef(
            uri=stored.uri,
            sha256=stored.sha256,
            bytes=stored.bytes,
            container="flac",
            codec="flac",
            sample_rate=RATE,
            channels=2,
            frames=RATE * SECONDS,
        ),
        received_at=now,
    )
    ai = a_finding(
        upload,
        "ai_detector",
        Verdict.LIKELY_GENERATED,
        score=0.8,
        threshold=0.5,
        probability=0.96,
        passages=passages((150, 170, 0.9)),
    )
    voice = a_finding(upload, "voice_matcher", Verdict.NO_MATCH, score=0.1, threshold=0.5)
    await world.publish(upload, ai, voice)
    return await in_queue(world, upload), stored.bytes


async def test_three_minutes_of_flac_start_at_once_and_seek_at_once_over_a_slow_line(
    world: World, browser: Browser, tmp_path: Path
) -> None:
    path, size = await a_long_case(world, tmp_path / "long.flac")
    assert size / SLOW_LINE > 30
    visit = await sign_in(browser, world, "ada")
    page = visit.page
    await page.goto(f"{world.address}{path}")
    await page.get_by_role("button", name="Claim").click()
    await expect(page.locator("#play")).to_be_visible()

    link = await page.locator("#audio").get_attribute("src")
    cookies = {cookie["name"]: cookie["value"] for cookie in await visit.context.cookies()}
    async with httpx.AsyncClient(base_url=world.address, cookies=cookies, timeout=20) as client:
        for begin, end in ((0, 65_535), (size - 1000, size - 1)):
            begun = time.perf_counter()
            answer = await client.get(str(link), headers={"Range": f"bytes={begin}-{end}"})
            waited = time.perf_counter() - begun
            assert (answer.status_code, len(answer.content)) == (206, end - begin + 1)
            assert answer.headers["Content-Range"] == f"bytes {begin}-{end}/{size}"
            assert waited < size / SLOW_LINE / 6

    slow = await visit.context.new_cdp_session(page)
    await slow.send("Network.enable")
    await slow.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 20,
            "downloadThroughput": SLOW_LINE,
            "uploadThroughput": SLOW_LINE,
        },
    )
    started = await page.evaluate(AFRESH)
    assert started < size / SLOW_LINE / 3, "it waited for much of the file"
    near_the_end = await page.evaluate(SEEK, 165)
    assert near_the_end["at"] == pytest.approx(165, abs=0.1)
    assert near_the_end["seconds"] < size / SLOW_LINE / 3, "it loaded what lies before"
    told = {"bytes": size, "canplay_seconds": started, "seek_seconds": near_the_end["seconds"]}
    MEASURED.parent.mkdir(parents=True, exist_ok=True)
    MEASURED.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    assert (visit.foreign, visit.complaints) == ([], [])
    await visit.context.close()
