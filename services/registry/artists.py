"""Artists: proposed by one person, approved by another, withdrawn by anybody who speaks for them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from services.registry import domain, proposals
from services.registry.domain import Refused
from services.registry.forms import ArtistForm
from services.registry.people import Person
from services.registry.ports import Delivered, Ledger, Recordings, Voiceprints
from services.registry.proposals import Progress
from shared.clock import Clock
from shared.errors import ObjectMissing, ObjectTooLarge
from shared.events import (
    ArtistStatus,
    DistributorRegistered,
    EnrolmentProposed,
    ProposalState,
    ProtectedArtist,
    ReferencesChecked,
    VoiceReference,
)

NO_ARTIST = Refused("artist-not-found", "no such artist")
NO_PROPOSAL = Refused("proposal-not-found", "nothing was proposed for this artist")
CHANGED = Refused("proposal-changed", "something else is proposed by now: look at it first")
ONLY_REGISTRARS = Refused("not-allowed", "a registrar approves")

log = structlog.get_logger()


@dataclass(frozen=True)
class Proposed:
    """A proposal and how far its checks are."""

    proposal: EnrolmentProposed
    progress: Progress


@dataclass(frozen=True)
class Unfinished:
    """Ids of artists whose withdrawal had been cut off.

    Of those ``elsewhere`` key and template are destroyed, but the recordings do not lie in the registry's
    store: somebody must remove them there.
    """

    finished: tuple[str, ...]
    elsewhere: tuple[str, ...]


class Artists:
    """``checks`` is live, by artist and checker."""

    def __init__(
        self,
        artists: Ledger[ProtectedArtist],
        proposals: Ledger[EnrolmentProposed],
        checks: Mapping[str, ReferencesChecked],
        distributors: Ledger[DistributorRegistered],
        recordings: Recordings,
        voiceprints: Voiceprints,
        clock: Clock,
        *,
        limit_bytes: int,
    ) -> None:
        self._artists = artists
        self._proposals = proposals
        self._checks = checks
        self._distributors = distributors
        self._recordings = recordings
        self._voiceprints = voiceprints
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._writing = asyncio.Lock()

    def proposed(self, artist_id: str) -> Proposed | None:
        last = self._proposals.current.get(artist_id)
        if last is None:
            return None
        about = [check for check in self._checks.values() if check.artist_id == artist_id]
        return Proposed(last, proposals.progress(last, about))

    async def propose(
        self,
        artist_id: str,
        form: ArtistForm,
        files: Sequence[Delivered],
        *,
        by: Person,
        only_new: bool = False,
    ) -> EnrolmentProposed | Refused:
        """Store and inspect the recordings, then announce the proposal. What is refused is not kept."""
        if files and form.rights_basis is None:
            return Refused("rights-basis-missing", "say why the recordings may be used", "rights_basis")
        async with self._writing:
            current, last = self._artists.current.get(artist_id), self._proposals.current.get(artist_id)
            if only_new and (current is not None or last is not None):
                return Refused("already-enrolled", f"PUT /v1/artists/{artist_id} changes it", "artist_id")
            stored: list[VoiceReference] = []
            outcome = await self._take(stored, files, form) or proposals.propose(
                artist_id,
                form,
                tuple(stored),
                current=current,
                last=last,
                distributors=self._distributors.current,
                by=by.person_id,
                now=self._clock.now(),
            )
            if isinstance(outcome, Refused):
                await self._remove_unused(stored)
            elif outcome != last:
                await self._proposals.record(
                    outcome
                )  # when it fails, the broker may have it: recordings stay
                if last is not None and last.state is ProposalState.PENDING:
                    await self._remove_unused(last.references)
            return outcome

    async def approve(
        self, artist_id: str, *, proposal_id: str, by: Person, accepting: str
    ) -> EnrolmentProposed | Refused:
        """Protect the artist as proposed. Repeating after a crash in the middle finishes it."""
        if not by.may_approve:
            return ONLY_REGISTRARS
        async with self._writing:
            found = self.proposed(artist_id)
            if found is None:
                return NO_PROPOSAL
            if found.proposal.proposal_id != proposal_id:
                return CHANGED
            approved = proposals.approve(
                found.proposal,
                found.progress,
                by=by.person_id,
                accepting=accepting,
                now=self._clock.now(),
            )
            if isinstance(approved, Refused):
                return approved
            current = self._artists.current.get(artist_id)
            await self._voiceprints.make_key(artist_id, by=by.person_id)
            protected = proposals.protect(approved, current, now=self._clock.now())
            if protected != current:
                await self._artists.record(protected)
            await self._proposals.record(approved)
            if current is not None:
                await self._remove_unused(current.references)
            log.info("artist protected", artist=artist_id, by=by.person_id)
            return approved

    async def reject(self, artist_id: str, *, by: Person, why: str) -> EnrolmentProposed | Refused:
        """Turn the proposal down, or take one's own back; its recordings are removed."""
        async with self._writing:
            last = self._proposals.current.get(artist_id)
            if last is None:
                return NO_PROPOSAL
            if not by.may_approve and by.person_id != last.proposed_by:
                return ONLY_REGISTRARS
            answered = proposals.reject(last, by=by.person_id, why=why, now=self._clock.now())
            if isinstance(answered, Refused):
                return answered
            await self._proposals.record(answered)
            await self._remove_unused(answered.references)
            return answered

    async def withdraw(self, artist_id: str, *, by: Person) -> ProtectedArtist | Refused:
        """Stop the search for the voice at once, destroy its key, then remove template and recordings.

        One person is enough. Repeating finishes what was cut off.
        """
        async with self._writing:
            current = self._artists.current.get(artist_id)
            if current is None:
                return NO_ARTIST
            if current.status is ArtistStatus.ACTIVE:
                current = domain.withdraw(current, now=self._clock.now())
                await self._artists.record(current)
            last = self._proposals.current.get(artist_id)
            if last is not None and last.state is ProposalState.PENDING:
                why = "the artist withdrew"
                cancelled = proposals.reject(last, by=last.proposed_by, why=why, now=self._clock.now())
                if not isinstance(cancelled, Refused):
                    await self._proposals.record(cancelled)
                    await self._remove_unused(last.references)
            return await self._forget(current, by.person_id)

    async def finish_what_was_cut_off(self) -> Unfinished:
        """Finish withdrawals that a crash left in the middle, and give every protected artist a key."""
        async with self._writing:
            artists = list(self._artists.current.values())
            unfinished = [
                artist
                for artist in artists
                if artist.status is ArtistStatus.WITHDRAWN
                and (artist.references or self._voiceprints.has_template(artist.artist_id))
            ]
            elsewhere = [artist.artist_id for artist in unfinished if not await self._forgot(artist)]
            for artist in artists:
                if artist.status is ArtistStatus.ACTIVE:
                    await self._voiceprints.make_key(artist.artist_id, by="registry")
            return Unfinished(
                tuple(one.artist_id for one in unfinished if one.artist_id not in elsewhere), tuple(elsewhere)
            )

    async def _forgot(self, artist: ProtectedArtist) -> bool:
        """Whether the recordings could be removed; those of another store cannot."""
        try:
            await self._forget(artist, "registry")
        except ObjectMissing:
            return False
        return True

    async def _forget(self, artist: ProtectedArtist, by: str) -> ProtectedArtist:
        await self._voiceprints.forget(artist.artist_id, by=by)
        if not artist.references:
            return artist
        await self._remove_unused(artist.references)
        forgotten = domain.forget_references(artist, now=self._clock.now())
        await self._artists.record(forgotten)
        return forgotten

    async def _take(
        self, stored: list[VoiceReference], files: Sequence[Delivered], form: ArtistForm
    ) -> Refused | None:
        """Store, decode and judge each file, adding it to ``stored``; the first refusal ends it."""
        for file in files:
            try:
                kept = await self._recordings.put(file.chunks, limit_bytes=self._limit_bytes)
            except ObjectTooLarge:
                reason = f"{file.file_name} is larger than {self._limit_bytes} bytes"
                return Refused("recording-too-large", reason, "references")
            reference = VoiceReference(
                uri=kept.uri,
                sha256=kept.sha256,
                seconds=0.0,
                rights_basis=form.rights_basis or "",
                group=form.group,
            )
            stored.append(reference)
            found = await self._recordings.inspect(kept.uri, file.file_name)
            refusal = found if isinstance(found, Refused) else domain.judge(found, file.file_name)
            if refusal is not None:
                return refusal
            if not isinstance(found, Refused):
                stored[-1] = reference.model_copy(update={"seconds": found.seconds})
        return None

    async def _remove_unused(self, references: Sequence[VoiceReference]) -> None:
        """Remove recordings that no active artist and no waiting proposal has; two may have the same."""
        pending = [p.references for p in self._proposals.current.values() if p.state is ProposalState.PENDING]
        active = [a.references for a in self._artists.current.values() if a.status is ArtistStatus.ACTIVE]
        used = {reference.uri for kept in (*pending, *active) for reference in kept}
        for uri in {reference.uri for reference in references} - used:
            await self._recordings.remove(uri)
