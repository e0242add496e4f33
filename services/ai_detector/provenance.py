"""What a C2PA manifest declares, read from a validator's report. Pure.

A declaration of whoever signed, beside the measurement and never part of it. Most files carry none, and any
re-encoding drops it: its absence says nothing.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.events.finding import Provenance, ProvenanceState

GENERATED_SOURCES = frozenset(
    {
        "trainedAlgorithmicMedia",
        "compositeWithTrainedAlgorithmicMedia",
        "compositeSynthetic",
        "trainedAlgorithmicData",
    }
)
"""IPTC digital source types, and C2PA's own (the last), of what a trained model made wholly or in part."""
_STATES = {
    "Trusted": ProvenanceState.TRUSTED,
    "Valid": ProvenanceState.UNTRUSTED,
    "Invalid": ProvenanceState.INVALID,
}
_MOST = 16
_LONGEST = 200


def provenance_of(report: dict[str, Any]) -> Provenance:
    """Read the validator's JSON report on a manifest store.

    The active manifest says who signed; source types are those of all manifests in the store, because what
    an ingredient was made of is part of the whole. Nothing is believed further than the state says.
    """
    try:
        manifests: dict[str, Any] = report["manifests"]
        active: dict[str, Any] = manifests[report["active_manifest"]]
        state = _STATES[report["validation_state"]]
        signature = active.get("signature_info") or {}
        sources = tuple(dict.fromkeys(s for m in [active, *manifests.values()] for s in _sources(m)))[:_MOST]
        return Provenance(
            state=state,
            declares_generated=not GENERATED_SOURCES.isdisjoint(sources),
            source_types=sources,
            generator=_generator(active),
            signed_by=_text(signature.get("issuer") or signature.get("common_name")),
            signed_at=_time(signature.get("time")),
            problems=_problems(report),
        )
    except (LookupError, TypeError, AttributeError, ValueError):
        return unreadable("unexpected report")


def unreadable(problem: str) -> Provenance:
    """There is a manifest and it could not be read."""
    return Provenance(state=ProvenanceState.UNREADABLE, problems=(problem[:_LONGEST],))


def in_words(provenance: Provenance) -> str:
    """One sentence for a person; a declaration is called one."""
    by = provenance.signed_by or "someone unnamed"
    declared = {
        True: "declares that a trained model made it or a part of it",
        False: "does not declare generated content",
    }[provenance.declares_generated]
    return {
        ProvenanceState.TRUSTED: f"a C2PA manifest signed by {by}, on the trust list, {declared}",
        ProvenanceState.UNTRUSTED: f"a C2PA manifest signed by {by}, not on the trust list, {declared}",
        ProvenanceState.INVALID: "a C2PA manifest does not fit this file: it was changed after signing",
        ProvenanceState.UNREADABLE: "a C2PA manifest could not be read",
    }[provenance.state]


def _sources(manifest: dict[str, Any]) -> Iterator[str]:
    for assertion in manifest.get("assertions") or ():
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            for action in assertion["data"].get("actions") or ():
                source = _text(str(action.get("digitalSourceType") or "").rstrip("/").rpartition("/")[2])
                if source:
                    yield source


def _generator(manifest: dict[str, Any]) -> str | None:
    named = manifest.get("claim_generator_info") or ()
    for software in named:
        return _text(" ".join(str(software[k]) for k in ("name", "version") if software.get(k)))
    return _text(manifest.get("claim_generator"))


def _problems(report: dict[str, Any]) -> tuple[str, ...]:
    codes = [_text(status.get("code")) for status in report.get("validation_status") or ()]
    return tuple(dict.fromkeys(code for code in codes if code))[:_MOST]


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    at = datetime.fromisoformat(value)
    return at if at.tzinfo is not None else None


def _text(value: object) -> str | None:
    """What the file's author wrote, without control characters and at most 200 characters of it."""
    text = "".join(c for c in str(value) if c.isprintable()).strip() if value is not None else ""
    return text[:_LONGEST] or None
