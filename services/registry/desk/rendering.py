"""The registry's pages: their folder, and what templates may say."""

from pathlib import Path

from shared.http.pages import Pages

FOLDER = Path(__file__).parent
STATIC = "/desk/static"


def desk_pages() -> Pages:
    return Pages(FOLDER, static=STATIC, filters={"words": words})


def words(code: str) -> str:
    return code.replace("_", " ").replace("-", " ")
