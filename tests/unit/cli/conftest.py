"""Tables are as wide as the terminal; here that is wide enough for everything."""

import pytest

from services.cli import console


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (console.out, console.err):
        monkeypatch.setattr(each, "_width", 200)
