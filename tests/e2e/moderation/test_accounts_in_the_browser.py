"""Several tracks of one account, none of them a match, in the running system and in a real browser."""

import re

import pytest
from playwright.async_api import Browser, expect

from services.moderation.domain.cases import case_id_of
from tests.e2e.axe import checked
from tests.e2e.moderation.test_deciding_in_the_browser import in_queue, sign_in
from tests.e2e.moderation.world import World, resembling_account

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]


async def test_an_account_that_resembles_a_voice_is_held_and_its_tracks_lead_to_one_another(
    world: World, browser: Browser
) -> None:
    without, first, second, last = await resembling_account(world)
    paths = [await in_queue(world, upload) for upload in (first, second, last)]
    whole = await world.until("vic", f"/v1{paths[2]}", lambda body: body["decision"] is not None)
    assert "account_resembles_voice" in [reason["code"] for reason in whole["decision"]["reasons"]]
    async with world.client("vic") as client:
        assert (await client.get(f"/v1/cases/{case_id_of(without.track_id)}")).status_code == 404

    ada = await sign_in(browser, world, "ada")
    await ada.page.goto(f"{world.address}{paths[2]}")
    about = ada.page.get_by_role("region", name="Other tracks of this account")
    await expect(about).to_contain_text(
        re.compile(r"[34] recordings in 30 days, 3 of them at least possible")
    )
    await expect(about).to_contain_text("Liva Norrfjell")
    await expect(about.get_by_role("link")).to_have_count(2)
    found = await checked(ada.page, "account")
    await ada.picture("account", full=True)
    await about.get_by_role("link", name=first.track_id[:8]).click()
    await expect(ada.page.get_by_role("heading", name="Slow Engines")).to_be_visible()
    assert (ada.foreign, ada.complaints) == ([], [])
    await ada.context.close()
    assert found == [], "\n".join(found)
