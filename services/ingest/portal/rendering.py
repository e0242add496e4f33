"""The portal's pages: their folder, and what templates may say."""

from pathlib import Path

from services.ingest.portal import texts
from shared.http.pages import Pages

FOLDER = Path(__file__).parent
STATIC = "/portal/static"


def portal_pages() -> Pages:
    return Pages(FOLDER, static=STATIC, filters={"duration": duration}, names={"texts": texts})


def duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
