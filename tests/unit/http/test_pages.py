"""Pages of every service: one frame, one policy, one set of shared files."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from jinja2 import UndefinedError

from shared.http.pages import Pages, page_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, file, text in (
        (
            "templates",
            "hello.html",
            '{% extends "frame.html" %}{% block content %}{{ who|loud }}{% endblock %}',
        ),
        ("static", "own.css", "h1 { margin: 0; }"),
        ("static", "sheet.css", "own"),
    ):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / file).write_text(text)
    return tmp_path


def pages(folder: Path, *, plays: bool = False) -> Pages:
    return Pages(folder, static="/files", filters={"loud": str.upper}, plays=plays)


COMMON = {"name": "Ada", "csrf": "c"}


def test_a_page_stands_in_the_shared_frame_and_asks_for_files_where_they_are_mounted(folder: Path) -> None:
    text = bytes(pages(folder).answer("hello.html", {"who": "you", **COMMON}).body).decode()
    assert "YOU" in text
    assert '<link rel="stylesheet" href="/files/ground.css">' in text
    assert '<main id="content"' in text


def test_what_people_wrote_is_escaped(folder: Path) -> None:
    text = bytes(pages(folder).answer("hello.html", {"who": "<b>", **COMMON}).body).decode()
    assert "&lt;B&gt;" in text


def test_a_name_that_nobody_gave_is_an_error(folder: Path) -> None:
    with pytest.raises(UndefinedError, match="csrf"):
        pages(folder).answer("hello.html", {"who": "you", "name": "Ada"})


@pytest.mark.parametrize("plays", [False, True])
def test_only_a_service_that_plays_audio_lets_the_browser_fetch_media(folder: Path, *, plays: bool) -> None:
    headers = pages(folder, plays=plays).answer("hello.html", {"who": "you", **COMMON}).headers
    assert ("media-src 'self'" in headers["Content-Security-Policy"]) is plays
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("path", "starts"),
    [
        ("own.css", "h1 {"),
        ("sheet.css", "own"),
        ("ground.css", ":root"),
        ("mark.svg", "<svg"),
    ],
)
async def test_own_and_shared_files_lie_under_one_path_and_the_own_file_wins(
    folder: Path, path: str, starts: str
) -> None:
    answer = await asked(folder, path)
    assert answer.status_code == 200
    assert answer.text.startswith(starts)
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["frame.html", "../templates/frame.html", "..%2ftemplates%2fframe.html"])
async def test_templates_are_not_served(folder: Path, path: str) -> None:
    assert (await asked(folder, path)).status_code == 404


async def asked(folder: Path, path: str) -> httpx.Response:
    app = FastAPI()
    app.mount("/files", page_files(folder))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://trackgate") as client:
        return await client.get(f"/files/{path}")
