"""Taking back, a second person and an appeal, in a real browser against the running system."""

import pytest
from playwright.async_api import Browser, expect

from services.moderation.domain.cases import appeal_case_id_of
from tests.e2e.moderation.test_deciding_in_the_browser import closed, in_queue, sign_in
from tests.e2e.moderation.world import World, an_appeal, cloned_voice, denied_generation

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]


async def test_a_protected_voice_is_released_by_two_people_and_taken_back_by_one_key(
    world: World, browser: Browser
) -> None:
    ada, sam = await sign_in(browser, world, "ada"), await sign_in(browser, world, "sam")
    path = await in_queue(world, await cloned_voice(world, title="Two People"))
    await ada.page.goto(f"{world.address}/queue?text=two+people")
    await ada.press("n")
    await expect(ada.page.get_by_text("releasing this track takes a second person")).to_be_visible()
    await ada.press("p", "Enter")
    await expect(ada.page.get_by_text("a second person must confirm it")).to_be_visible()
    await ada.picture("proposed")
    await ada.page.goto(f"{world.address}{path}")
    await expect(ada.page.get_by_text("You proposed this")).to_be_visible()

    await sam.page.goto(f"{world.address}/queue?share=proposed")
    await sam.press("n")
    await expect(sam.page.get_by_role("heading", name="Proposed: publish")).to_be_visible()
    await sam.picture("second-person", full=True)
    await sam.press("y")
    await expect(sam.page.get_by_text("not sent yet")).to_be_visible()
    await sam.picture("undo")
    await sam.press("z")
    await expect(sam.page.get_by_text("Taken back: nothing was sent")).to_be_visible()
    await sam.press("y")
    answer = await closed(world, path)
    assert answer["decision"]["outcome"] == "publish"
    (review,) = answer["reviews"]
    assert (review["reviewer_id"], review["confirmed_by"]) == ("ada", "sam")
    for visit in (ada, sam):
        assert (visit.foreign, visit.complaints) == ([], [])
        await visit.context.close()


async def test_an_appeal_is_answered_by_somebody_else(world: World, browser: Browser) -> None:
    ada, ben = await sign_in(browser, world, "ada"), await sign_in(browser, world, "ben")
    upload = await denied_generation(world, title="Contested")
    path = await in_queue(world, upload)
    await ada.page.goto(f"{world.address}{path}")
    await ada.press("c")
    await ada.press("r")
    await ada.page.keyboard.type("Generated, and declared as made by people.")
    await ada.press("Escape", "Enter")
    decision = (await closed(world, path))["decision"]
    filed = an_appeal(upload, decision["event_id"])
    await world.publish(filed)
    appeal = f"/cases/{appeal_case_id_of(upload.track_id)}"
    await world.until("vic", f"/v1{appeal}", lambda body: body["case"]["state"] == "open")
    await ada.page.goto(f"{world.address}{appeal}")
    await expect(ada.page.get_by_role("heading", name="For somebody else")).to_be_visible()
    await ben.page.goto(f"{world.address}/queue?share=appeals")
    await ben.picture("appeals")
    await ben.press("n")
    await expect(ben.page.get_by_text("We have the session files of the band.")).to_be_visible()
    await ben.press("u")
    await ben.page.keyboard.type("The files are of another recording.")
    await ben.picture("appeal", full=True)
    await ben.press("Escape", "Enter")
    await expect(ben.page.get_by_text("Upheld: the decision stays")).to_be_visible()
    await closed(world, appeal)
    for visit in (ada, ben):
        assert (visit.foreign, visit.complaints) == ([], [])
        await visit.context.close()
