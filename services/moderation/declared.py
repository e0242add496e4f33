"""Declared against detected, and the consent that policy considered: shown side by side, never merged."""

from dataclasses import dataclass

from services.moderation.artist_names import artist_names, facts_about
from services.moderation.evidence import verdict_in_words
from shared.events import AiUse, DecisionMade, Provenance, ProvenanceState, TrackUploaded, Verdict
from shared.views.tracks import TrackView

_DECLARED = {
    AiUse.NONE: "No AI use",
    AiUse.PARTLY: "Partly AI",
    AiUse.ALL: "Entirely AI",
    AiUse.UNDECLARED: "Not declared",
}


@dataclass(frozen=True)
class Comparison:
    """One row of declared against detected; ``conflict`` when the two cannot both be so."""

    about: str
    declared: str
    detected: str
    conflict: bool


@dataclass(frozen=True)
class ConsideredGrant:
    """A consent grant that policy looked at, and what became of it."""

    artist: str
    grant_id: str
    state: str


def comparisons(upload: TrackUploaded, view: TrackView) -> tuple[Comparison, ...]:
    """Declared and detected side by side; never merged."""
    names = artist_names(view.decision)
    ai = view.finding("ai_detector")
    use = upload.declaration.ai_use
    detected = verdict_in_words(ai.verdict) if ai else "No finding"
    rows = [
        Comparison(
            "AI use",
            _DECLARED[use],
            detected,
            conflict=ai is not None
            and ai.verdict is Verdict.LIKELY_GENERATED
            and use in {AiUse.NONE, AiUse.UNDECLARED},
        )
    ]
    if ai is not None and ai.provenance is not None:
        rows.append(_manifest(ai.provenance, use, detected))
    voice = view.finding("voice_matcher")
    matched = voice.matches if voice else ()
    heard = ", ".join(names.get(match.artist_id, match.artist_id) for match in matched)
    credited = upload.declaration.display_artist
    rows.append(
        Comparison(
            "Voice",
            credited,
            heard or (verdict_in_words(voice.verdict) if voice else "No finding"),
            conflict=any(
                match.verdict is Verdict.MATCH
                and names.get(match.artist_id, match.artist_id).casefold() not in credited.casefold()
                for match in matched
            ),
        )
    )
    return tuple(rows)


_SIGNATURES = {
    ProvenanceState.TRUSTED: "signed by {by}, whom this platform trusts",
    ProvenanceState.UNTRUSTED: "signed by {by}, who is on no list of trust",
    ProvenanceState.INVALID: "changed after {by} signed it",
    ProvenanceState.UNREADABLE: "present, and cannot be read",
}


def _manifest(provenance: Provenance, use: AiUse, detected: str) -> Comparison:
    """What the file says of itself. A declaration like the distributor's, and as little a measurement."""
    signed = _SIGNATURES[provenance.state].format(by=provenance.signed_by or "somebody unnamed")
    said = "declares generated sound" if provenance.declares_generated else "declares no generated sound"
    software = f", made with {provenance.generator}" if provenance.generator else ""
    readable = provenance.state is not ProvenanceState.UNREADABLE
    words = f"{provenance.standard.upper()} manifest, {signed}"
    return Comparison(
        "Provenance in the file",
        f"{words}: {said}{software}" if readable else words,
        detected,
        conflict=readable and provenance.declares_generated and use in {AiUse.NONE, AiUse.UNDECLARED},
    )


def considered_grants(decision: DecisionMade | None) -> tuple[ConsideredGrant, ...]:
    return tuple(
        dict.fromkeys(
            ConsideredGrant(
                str(fact.get("name") or fact.get("artist_id")), str(grant["grant_id"]), str(grant["state"])
            )
            for fact in facts_about(decision, "matches") + facts_about(decision, "claims")
            for grant in fact.get("grants", ())
        )
    )


def declared_use(use: AiUse) -> str:
    return _DECLARED[use]
