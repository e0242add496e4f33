"""The rules of coming under protection: one proposes, the detectors check, another person approves. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.registry.domain import MOST_REFERENCES, Refused, may_deliver, next_word
from services.registry.forms import ArtistForm
from shared.events import (
    ArtistStatus,
    BiometricConsent,
    DistributorRegistered,
    EnrolmentProposed,
    Fitness,
    Neighbour,
    ProofOfAuthority,
    ProposalState,
    ProtectedArtist,
    ReferencesChecked,
    VoiceReference,
)
from shared.ids import deterministic_id

CHECKERS = ("voice_matcher", "ai_detector")
"""Whose opinion an approval waits for."""
SHORTEST_REASON = 20
"""Characters of the reason for which doubts are set aside."""
CLOCKS_APART = timedelta(minutes=5)
NEAR = "near_another_artist"
_OWN = {
    *("event_id", "occurred_at", "proposal_id", "proposed_by", "proposed_at"),
    *("state", "answered_by", "answered_at", "answer"),
}
"""What a proposal has beside what is proposed."""


@dataclass(frozen=True)
class Concern:
    """What speaks against a recording; ``sha256`` is None for what concerns all of them."""

    sha256: str | None
    checker: str
    code: str


@dataclass(frozen=True)
class Progress:
    """How far the checks of a proposal are. An approval needs nobody waited for and nothing unfit."""

    waiting_for: tuple[str, ...]
    unfit: tuple[Concern, ...]
    doubts: tuple[Concern, ...]
    neighbours: tuple[Neighbour, ...]
    compared_with: int
    seconds_of_voice: Mapping[str, float]


def propose(
    artist_id: str,
    form: ArtistForm,
    sent: tuple[VoiceReference, ...],
    *,
    current: ProtectedArtist | None,
    last: EnrolmentProposed | None,
    distributors: Mapping[str, DistributorRegistered],
    by: str,
    now: datetime,
) -> EnrolmentProposed | Refused:
    """A proposal to protect an artist, or to change what is known of one; ``last`` again if it says the same.

    Recordings sent along come beside those of the protected artist. What was sent for an earlier proposal
    that is not approved does not. A withdrawn artist starts without the recordings of before.
    """
    protected = current is not None and current.status is ArtistStatus.ACTIVE
    kept = current.references if current is not None and protected else ()
    merged = {one.sha256: one for one in (*kept, *sent) if one.sha256 not in form.without}
    refusal = _refuse(form, len(merged), distributors, now)
    if refusal is not None:
        return refusal
    proposed = EnrolmentProposed(
        event_id="",
        occurred_at=now,
        proposal_id="",
        artist_id=artist_id,
        name=form.name,
        aliases=form.aliases,
        isni=form.isni,
        references=tuple(merged.values()),
        own_distributors=form.own_distributors,
        biometric_consent=form.biometric_consent,
        consent=BiometricConsent(**form.consent.model_dump()),
        authority=ProofOfAuthority(**form.authority.model_dump()),
        proposed_by=by,
        proposed_at=now,
    )
    stands = last is not None and (
        last.state is ProposalState.PENDING or (last.state is ProposalState.APPROVED and protected)
    )
    if last is not None and stands and _content(last) == _content(proposed):
        return last
    before = last.event_id if last is not None else ""
    digest = hashlib.sha256(json.dumps(_content(proposed), sort_keys=True).encode()).hexdigest()
    proposal_id = deterministic_id("registry", "proposal", artist_id, before, digest)
    return proposed.model_copy(update={"event_id": proposal_id, "proposal_id": proposal_id})


def progress(proposal: EnrolmentProposed, checks: Iterable[ReferencesChecked]) -> Progress:
    """From the checks of this very proposal; of an earlier one they say nothing."""
    of_this = {check.checker: check for check in checks if check.proposal_id == proposal.proposal_id}
    unfit: list[Concern] = []
    doubts: list[Concern] = []
    seconds: dict[str, float] = {}
    near: tuple[Neighbour, ...] = ()
    compared = 0
    for checker, check in sorted(of_this.items()):
        for one in check.references:
            concerns = [Concern(one.sha256, checker, code) for code in one.codes]
            if one.fitness is Fitness.UNFIT:
                unfit += concerns
            elif one.fitness is Fitness.DOUBTFUL:
                doubts += concerns
            if one.seconds_of_voice is not None:
                seconds[one.sha256] = one.seconds_of_voice
        near, compared = (*near, *check.neighbours), compared + check.compared_with
        if any(neighbour.verdict != "no_match" for neighbour in check.neighbours):
            doubts.append(Concern(None, checker, NEAR))
    waiting = tuple(checker for checker in CHECKERS if checker not in of_this)
    return Progress(waiting, tuple(unfit), tuple(doubts), near, compared, seconds)


def approve(
    proposal: EnrolmentProposed, known: Progress, *, by: str, accepting: str, now: datetime
) -> EnrolmentProposed | Refused:
    """The proposal, approved by a second person who has seen what the checks say."""
    if proposal.state is not ProposalState.PENDING:
        return Refused("not-pending", f"this proposal is {proposal.state.value}")
    if by == proposal.proposed_by:
        return Refused("same-person", "who proposed it cannot approve it: a second person must")
    if known.waiting_for:
        return Refused("checks-missing", f"still being checked by {' and '.join(known.waiting_for)}")
    if known.unfit:
        codes = ", ".join(sorted({concern.code for concern in known.unfit}))
        return Refused("references-unfit", f"propose again without the recordings that are unfit ({codes})")
    if known.doubts and len(accepting.strip()) < SHORTEST_REASON:
        codes = ", ".join(sorted({concern.code for concern in known.doubts}))
        reason = f"say why the doubts are set aside ({codes}), in {SHORTEST_REASON} characters or more"
        return Refused("doubts-unanswered", reason, "accepting")
    return _answered(proposal, ProposalState.APPROVED, by, accepting.strip() or None, now)


def reject(proposal: EnrolmentProposed, *, by: str, why: str, now: datetime) -> EnrolmentProposed | Refused:
    """Anybody may reject, also who proposed it: that is to take it back."""
    if proposal.state is not ProposalState.PENDING:
        return Refused("not-pending", f"this proposal is {proposal.state.value}")
    state = ProposalState.CANCELLED if by == proposal.proposed_by else ProposalState.REJECTED
    return _answered(proposal, state, by, why, now)


def protect(
    approved: EnrolmentProposed, current: ProtectedArtist | None, *, now: datetime
) -> ProtectedArtist:
    """The artist as approved; ``current`` if that changes nothing."""
    return next_word(
        ProtectedArtist(
            event_id="",
            occurred_at=now,
            artist_id=approved.artist_id,
            name=approved.name,
            aliases=approved.aliases,
            isni=approved.isni,
            references=approved.references,
            own_distributors=approved.own_distributors,
            biometric_consent=approved.biometric_consent,
            consent=approved.consent,
            authority=approved.authority,
            proposed_by=approved.proposed_by,
            approved_by=approved.answered_by,
            voice_stated_at=current.voice_stated_at
            if current is not None and _same_voice(approved, current)
            else now,
        ),
        current,
    )


def _same_voice(approved: EnrolmentProposed, current: ProtectedArtist) -> bool:
    """Whether tracks were compared with just these templates before."""
    if current.status is not ArtistStatus.ACTIVE:
        return False
    wanted, known = ({(r.sha256, r.group) for r in of.references} for of in (approved, current))
    return wanted == known


def _answered(
    proposal: EnrolmentProposed, state: ProposalState, by: str, answer: str | None, now: datetime
) -> EnrolmentProposed:
    answered = proposal.model_copy(
        update={
            "occurred_at": now,
            "state": state,
            "answered_by": by,
            "answered_at": now,
            "answer": answer,
        }
    )
    return next_word(answered, proposal)


def _refuse(
    form: ArtistForm, recordings: int, distributors: Mapping[str, DistributorRegistered], now: datetime
) -> Refused | None:
    if not recordings:
        reason = "send at least one recording of the artist's own voice"
        return Refused("reference-missing", reason, "references")
    if recordings > MOST_REFERENCES:
        reason = f"{recordings} recordings; at most {MOST_REFERENCES} are kept for an artist"
        return Refused("too-many-references", reason, "references")
    if form.consent.given_at > now + CLOCKS_APART:
        return Refused("consent-in-the-future", "consent counts once it is given", "consent.given_at")
    for distributor_id in form.own_distributors:
        if not may_deliver(distributor_id, distributors):
            return Refused(
                "unknown-distributor", f"no active distributor {distributor_id!r}", "own_distributors"
            )
    return None


def _content(proposal: EnrolmentProposed) -> dict[str, object]:
    return proposal.model_dump(mode="json", exclude=_OWN)
