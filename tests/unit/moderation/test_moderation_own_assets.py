"""No page asks another host for anything: in what it loads, and by its policy."""

import re
from pathlib import Path

import httpx
import pytest

from services.ingest.portal import rendering as portal_rendering
from services.moderation.web import rendering as desk_rendering
from services.registry.desk import rendering as registry_rendering
from shared.clock import SystemClock
from shared.http import pages as shared_pages
from shared.http.pages import Pages
from tests.unit.moderation.desk_fakes import TOKENS, DeskWorld

HOMES = (
    desk_rendering.FOLDER,
    portal_rendering.FOLDER,
    registry_rendering.FOLDER,
    Path(shared_pages.__file__).parent / "page",
)
ADDRESS = re.compile(r"(?:https?:)?//[\w.-]+\.\w+|@import|url\(\s*['\"]?(?!data:)[^)]*//", re.IGNORECASE)
NAMES = {"http://www.w3.org/2000/svg"}
"""An XML namespace is a name; nothing is asked for there."""


def files() -> list[Path]:
    return [
        path
        for home in HOMES
        for folder in ("templates", "static")
        for path in sorted((home / folder).iterdir())
        if path.suffix in {".html", ".js", ".css", ".svg"}
    ]


def uncommented(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE) if path.suffix == ".js" else text


def test_there_are_pages_to_look_at() -> None:
    assert {path.suffix for path in files()} == {".html", ".js", ".css", ".svg"}


@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parts[-4]}-{path.name}")
def test_no_file_names_another_host(path: Path) -> None:
    text = uncommented(path)
    for name in NAMES:
        text = text.replace(name, "")
    assert ADDRESS.findall(text) == []


PAGES = [path for path in files() if path.suffix == ".html"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_carries_script_or_style_of_its_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text) == []


def test_a_foreign_address_would_be_found() -> None:
    for bad in ('<script src="https://cdn.example.com/a.js">', "url(//fonts.example.org/x)", '@import "x"'):
        assert ADDRESS.search(bad)


@pytest.mark.parametrize(
    "pages",
    [
        desk_rendering.desk_pages(SystemClock()),
        portal_rendering.portal_pages(),
        registry_rendering.desk_pages(),
    ],
    ids=["desk", "portal", "registry"],
)
def test_the_pages_policy_lets_a_browser_ask_nobody_else(pages: Pages) -> None:
    headers = pages.answer("sign_in.html", {"refused": None, "to": "/"}).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";") if part.strip()
    )
    assert policy["default-src"] == "'none'"
    assert set(policy.values()) == {"'none'", "'self'"}
    assert (policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'")


async def test_every_page_is_served_with_the_policy(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path / "none")
    case_id = await world.hold()
    transport = httpx.ASGITransport(world.app())
    headers = {"Authorization": f"Bearer {TOKENS['sam']}", "Accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        for path in ("/queue", f"/cases/{case_id}", "/bulk", "/sign-in", "/cases/none", "/nowhere"):
            answer = await client.get(path)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
