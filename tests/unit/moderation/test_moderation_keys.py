"""The keys that a page tells of are those that its script takes, each for one thing."""

import re
from pathlib import Path

import pytest

from services.moderation import web

FOLDER = Path(web.__file__).parent
EVERYWHERE = {"?", "z"}
SHOWN_AS = {"Space": " ", "\u2190": "ArrowLeft", "\u2192": "ArrowRight"}
UNSHOWN = {"ArrowUp", "ArrowDown", "5"}


def taken(script: str) -> list[str]:
    text = (FOLDER / "static" / script).read_text(encoding="utf-8")
    (body,) = re.findall(r"onKeys\(\{(.*?)\n\}\);", text, re.DOTALL)
    return [quoted or bare for quoted, bare in re.findall(r"^  (?:'(.+?)'|(\w+)): ", body, re.MULTILINE)]


def told(template: str) -> list[str]:
    text = (FOLDER / "templates" / template).read_text(encoding="utf-8")
    entries = re.findall(r"\('([^']+)', '[^']*'\)", text[text.index("part.keys(") :])
    return [SHOWN_AS.get(key, key) for entry in entries for key in entry.split()]


@pytest.mark.parametrize(
    ("script", "templates"),
    [
        ("queue.js", ("queue.html",)),
        ("case.js", ("case.html",)),
        ("bulk.js", ("bulk.html", "bulk_job.html")),
    ],
)
def test_each_key_does_one_thing_and_the_help_tells_all_of_them(
    script: str, templates: tuple[str, ...]
) -> None:
    keys = taken(script)
    assert len(keys) == len(set(keys)), "a key is taken twice"
    shown = [told(template) for template in templates]
    assert all(len(entries) == len(set(entries)) for entries in shown), "a key is told twice"
    assert {key for entries in shown for key in entries} ^ set(keys) <= UNSHOWN | EVERYWHERE
