"""Who may be the same human, and who is learned from or judged: whoever may be one person is on one side."""

import zlib

DEMONSTRATED = (
    "allison",
    "asterisk-core-sounds-it-g722",
    "asterisk-core-sounds-ru-g722",
    "singularity-music/",
    "marsshooter-data/",
)
"""Voices and music that the shipped samples are cut from: a demo never meets itself."""
_ANNOUNCERS = ("jf_gongitsune", "jf_nezumi", "jf_tebukuro")
"""Kokoro voices made from tales that women who announce for Television Nishinippon read: the series `tnc` of
the corpus Koniwa, as Kokoro's list of voices says. Koniwa does not say who reads which: two may be one.
"""


def held_out(source: str) -> bool:
    """Whether a person or a piece of music is for evaluation and demonstration, not to learn from."""
    return source.startswith(DEMONSTRATED) or zlib.crc32(source.encode()) % 2 == 0


def speaker_of(voice: str) -> str:
    """Who speaks as a Kokoro voice: the voice itself, or all among whom that is not known."""
    return "kokoro/jf-tnc" if voice in _ANNOUNCERS else f"kokoro/{voice}"
