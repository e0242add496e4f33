"""Listening in a real browser: beside the artist's reference, and never too loud."""

import re
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Browser, expect

from shared.events import VoiceReference
from tests.e2e.moderation.test_deciding_in_the_browser import in_queue, sign_in
from tests.e2e.moderation.world import LIVA, World, cloned_voice

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

LOUDEST = """async () => {
  const { limited, CEILING } = await import('/static/loudness.js');
  const context = new OfflineAudioContext(1, 44100, 44100);
  const tone = context.createOscillator();
  const far_too_loud = context.createGain();
  far_too_loud.gain.value = 8;
  tone.connect(far_too_loud).connect(limited(context));
  tone.start();
  const heard = (await context.startRendering()).getChannelData(0);
  return [Math.max(...heard.map(Math.abs)), CEILING];
}"""


async def test_what_is_too_loud_is_held_down(world: World, browser: Browser) -> None:
    visit = await sign_in(browser, world, "ada")
    loudest, ceiling = await visit.page.evaluate(LOUDEST)
    assert 0.05 < loudest <= ceiling + 1e-6
    await visit.context.close()


async def test_one_key_switches_to_the_artists_reference_and_back(
    world: World, browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "reference.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((np.sin(np.arange(16_000 * 5) / 9) * 9000).astype("<i2").tobytes())

    async def chunks() -> AsyncIterator[bytes]:
        yield path.read_bytes()

    stored = await world.store.put(chunks(), limit_bytes=1 << 24)
    reference = VoiceReference(uri=stored.uri, sha256=stored.sha256, seconds=5.0, rights_basis="a test's")
    await world.publish(LIVA.model_copy(update={"references": (reference,), "event_id": "artist-liva-2"}))
    held = await in_queue(world, await cloned_voice(world, title="Two Voices"))
    visit = await sign_in(browser, world, "ada")
    page = visit.page
    await page.goto(f"{world.address}{held}")
    await page.get_by_role("button", name="Claim").click()
    await page.locator("body[data-keys=on]").wait_for()
    assert await page.evaluate("[...document.querySelectorAll('audio.sound')].map((one) => one.muted)") == [
        True,
        True,
    ]
    await page.keyboard.press(" ")
    await expect(page.locator("#time")).to_have_text(re.compile("^0:0[1-9]"))
    await page.keyboard.press("b")
    await expect(page.locator("#now-playing")).to_contain_text("Liva Norrfjell")
    await expect(page.locator("#reference-time")).to_have_text(re.compile("^0:0[1-4] / 0:05"))
    assert await page.evaluate("document.querySelectorAll('audio.sound')[0].paused")
    await page.keyboard.press("b")
    await expect(page.locator("#now-playing")).to_contain_text("the recording")
    assert await page.evaluate("document.querySelectorAll('audio.sound')[1].paused")
    assert visit.foreign == []
    assert visit.complaints == []
    await visit.context.close()
