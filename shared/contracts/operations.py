"""Which service writes and which reads each topic: the part of the contract that no model holds."""

from dataclasses import dataclass
from enum import StrEnum

from shared.topics import (
    APPEALS,
    APPEALS_DECIDED,
    ARTIST_KEYS,
    ARTISTS,
    CHECKS,
    DECISIONS,
    DELIVERIES,
    DISTRIBUTORS,
    FINDINGS,
    GRANTS,
    LABELS,
    POLICIES,
    PROPOSALS,
    RELISTENS,
    REVIEWS,
    UPLOADS,
    VOICEPRINTS,
    WEBHOOKS,
    Topic,
)


class Action(StrEnum):
    """As AsyncAPI names them, from the service's side."""

    SEND = "send"
    RECEIVE = "receive"


@dataclass(frozen=True)
class Operation:
    service: str
    action: Action
    topic: Topic
    about: str


OPERATIONS: tuple[Operation, ...] = (
    Operation("ingest", Action.SEND, UPLOADS, "Announce an accepted delivery, after its audio is stored."),
    Operation("ingest", Action.SEND, APPEALS, "Announce that a distributor contests a decision."),
    Operation("ingest", Action.RECEIVE, DISTRIBUTORS, "Know who may deliver."),
    Operation("ai_detector", Action.RECEIVE, UPLOADS, "Measure traces of generation."),
    Operation("ai_detector", Action.SEND, FINDINGS, "Say what was measured."),
    Operation("voice_matcher", Action.RECEIVE, UPLOADS, "Look for protected voices."),
    Operation("voice_matcher", Action.RECEIVE, ARTISTS, "Know whose voices to look for."),
    Operation("voice_matcher", Action.SEND, RELISTENS, "Ask for screened tracks to be listened to again."),
    Operation("voice_matcher", Action.RECEIVE, RELISTENS, "Listen again for a voice protected since."),
    Operation("voice_matcher", Action.SEND, FINDINGS, "Say what was measured."),
    Operation("fingerprints", Action.RECEIVE, UPLOADS, "Look for the same recording delivered before."),
    Operation("fingerprints", Action.RECEIVE, DECISIONS, "Know which recordings were removed."),
    Operation("fingerprints", Action.SEND, FINDINGS, "Say of which track a delivery is a copy."),
    Operation("policy", Action.RECEIVE, UPLOADS, "Open a case with a deadline for its findings."),
    Operation("policy", Action.RECEIVE, FINDINGS, "Collect the findings of a track."),
    Operation("policy", Action.RECEIVE, DECISIONS, "Know its own last decision."),
    Operation("policy", Action.RECEIVE, REVIEWS, "Let a person's answer supersede."),
    Operation(
        "policy", Action.RECEIVE, ARTISTS, "Know the artists behind matches, re-open what a new one touches."
    ),
    Operation("policy", Action.RECEIVE, GRANTS, "Know the consent that is live, re-open what lost it."),
    Operation("policy", Action.RECEIVE, LABELS, "Let a person's word on a label outrank the rules."),
    Operation("policy", Action.SEND, LABELS, "State a label for a person, from the command line."),
    Operation(
        "policy", Action.RECEIVE, POLICIES, "Know which version decides, which is tried, and for whom."
    ),
    Operation("policy", Action.SEND, POLICIES, "Draft, try, promote, roll back or stop a version."),
    Operation("policy", Action.SEND, DECISIONS, "Decide."),
    Operation("moderation", Action.RECEIVE, DECISIONS, "Queue what was quarantined."),
    Operation("moderation", Action.RECEIVE, APPEALS, "Queue what is contested."),
    Operation("moderation", Action.SEND, APPEALS_DECIDED, "Announce what came of an appeal."),
    Operation("moderation", Action.RECEIVE, APPEALS_DECIDED, "Count what was overturned."),
    Operation("moderation", Action.SEND, REVIEWS, "Announce a moderator's answer."),
    Operation("registry", Action.SEND, ARTISTS, "Enrol, change or withdraw a protected artist."),
    Operation("registry", Action.SEND, GRANTS, "Give or revoke consent."),
    Operation("registry", Action.SEND, DISTRIBUTORS, "Register who may deliver."),
    Operation("registry", Action.RECEIVE, ARTISTS, "Know its own last word."),
    Operation("registry", Action.RECEIVE, GRANTS, "Know its own last word."),
    Operation("registry", Action.RECEIVE, DISTRIBUTORS, "Know its own last word."),
    Operation("registry", Action.SEND, PROPOSALS, "Propose to protect an artist; approve or reject it."),
    Operation("registry", Action.RECEIVE, PROPOSALS, "Know its own last word."),
    Operation("registry", Action.RECEIVE, CHECKS, "Show the approver what the detectors think."),
    Operation("registry", Action.SEND, VOICEPRINTS, "Delete a withdrawn artist's template (a tombstone)."),
    Operation("registry", Action.RECEIVE, VOICEPRINTS, "Know whose template was made; nothing is opened."),
    Operation("registry", Action.SEND, ARTIST_KEYS, "Give or revoke an artist's key."),
    Operation("registry", Action.RECEIVE, ARTIST_KEYS, "Know its own last word."),
    Operation("voice_matcher", Action.RECEIVE, PROPOSALS, "Check the recordings of a proposal."),
    Operation("voice_matcher", Action.SEND, CHECKS, "Say what the recordings of a proposal hold."),
    Operation("voice_matcher", Action.SEND, VOICEPRINTS, "Keep a template for all workers, sealed."),
    Operation("voice_matcher", Action.RECEIVE, VOICEPRINTS, "Search for voices without listening again."),
    Operation("ai_detector", Action.RECEIVE, PROPOSALS, "Check the recordings of a proposal."),
    Operation("ai_detector", Action.SEND, CHECKS, "Say whether a recording is itself generated."),
    Operation("policy", Action.RECEIVE, ARTIST_KEYS, "Know whom an artist lets deliver."),
    Operation("registry", Action.SEND, WEBHOOKS, "Register where a distributor wants to be told."),
    Operation("registry", Action.RECEIVE, WEBHOOKS, "Know its own last word."),
    Operation("ingest", Action.RECEIVE, WEBHOOKS, "Show a distributor its own endpoint."),
    Operation("notifier", Action.RECEIVE, WEBHOOKS, "Know where to send, and sign."),
    Operation("notifier", Action.RECEIVE, DECISIONS, "Queue a delivery for the distributor's endpoint."),
    Operation("notifier", Action.RECEIVE, DELIVERIES, "Keep schedule and log in step."),
    Operation("notifier", Action.SEND, DELIVERIES, "Say what became of a delivery."),
    Operation("cli", Action.SEND, DELIVERIES, "Ask for another round of a delivery."),
)
