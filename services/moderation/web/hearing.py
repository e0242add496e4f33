"""What can be heard on a case page, and the links that open it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.moderation.domain.cases import Case
from services.moderation.listening import AudioLinks, Listening, NotThisLink, Sound
from services.moderation.references import Artists, references
from services.moderation.web.identity import SignedIn
from shared.views.tracks import TrackView

_MAGIC = {b"fLaC": "audio/flac", b"RIFF": "audio/wav", b"OggS": "audio/ogg"}


@dataclass(frozen=True)
class Offered:
    """A sound with a link to it; ``artist`` and ``rights_basis`` are empty for the recording itself."""

    sound: Sound
    seconds: float
    url: str
    until: datetime
    artist: str = ""
    rights_basis: str = ""


@dataclass(frozen=True)
class Heard:
    uri: str
    sha256: str


@dataclass(frozen=True)
class NotThere:
    why: str


class Hearing:
    """Whether somebody may hear a case is the caller's question; this knows what there is to hear."""

    def __init__(self, links: AudioLinks, artists: Artists) -> None:
        self._links = links
        self._artists = artists

    async def offered(self, case: Case, view: TrackView | None, who: SignedIn) -> tuple[Offered, ...]:
        """The recording first, then the references of the matched artists."""
        if view is None or view.upload is None:
            return ()
        found = [await self._offer(Sound(case.case_id), view.upload.audio.seconds, who)]
        found += [
            await self._offer(
                Sound(case.case_id, reference.artist_id, reference.number),
                reference.recording.seconds,
                who,
                artist=reference.artist,
                rights_basis=reference.recording.rights_basis,
            )
            for reference in references(view, self._artists)
        ]
        return tuple(found)

    async def follow(self, link: str, who: SignedIn) -> Listening | NotThisLink:
        return await self._links.follow(link, _session(who))

    def sound(self, sound: Sound, view: TrackView | None) -> Heard | NotThere:
        """Looked up anew each time: an artist who withdraws is not played from a link made before."""
        if not sound.artist_id:
            if view is None or view.upload is None:
                return NotThere("The upload is not known here")
            audio = view.upload.audio
            return Heard(audio.uri, audio.sha256)
        for reference in references(view, self._artists):
            if (reference.artist_id, reference.number) == (sound.artist_id, sound.number):
                return Heard(reference.recording.uri, reference.recording.sha256)
        return NotThere("This reference is not offered any more")

    async def _offer(
        self, sound: Sound, seconds: float, who: SignedIn, *, artist: str = "", rights_basis: str = ""
    ) -> Offered:
        link, until = await self._links.to(sound, _session(who))
        return Offered(sound, seconds, f"/v1/cases/{sound.case_id}/audio/{link}", until, artist, rights_basis)


def media_type_of(path: Path) -> str:
    """By the first bytes, as of all that is stored here only uploads say what they are. MP3 has no magic."""
    with path.open("rb") as file:
        return _MAGIC.get(file.read(4), "audio/mpeg")


def _session(who: SignedIn) -> str:
    """The session's own secret; for a Bearer token, which has no session, the person."""
    return who.session.csrf if who.session else f"bearer {who.reviewer.reviewer_id}"
