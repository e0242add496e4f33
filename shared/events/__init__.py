"""The contracts between services: frozen models of everything that lies on a topic.

Changes are additive and optional; a breaking change is a new event type on a new topic. The JSON Schemas
under ``shared/contracts`` are generated from here and a test refuses drift.
"""

from shared.events.appeal import AppealDecided, AppealFiled, AppealOutcome
from shared.events.base import Event, Record, TimeRange
from shared.events.decision import DecisionMade, Label, Outcome, Reason, RuleTrace
from shared.events.finding import ArtistMatch, FindingRecorded, Passage, Verdict
from shared.events.label import LabelAction, LabelStated
from shared.events.policy import PolicyStage, PolicyStep, PolicyVersionChanged
from shared.events.registry import (
    ArtistStatus,
    ConsentGrant,
    DistributorRegistered,
    GrantUse,
    ProtectedArtist,
    VoiceReference,
)
from shared.events.relisten import RelistenRequested
from shared.events.review import ReviewResolved
from shared.events.upload import AiUse, AudioRef, Contributor, Declaration, TrackUploaded
from shared.events.webhook import DeliveryStep, WebhookDelivery, WebhookRegistered

__all__ = [
    "AiUse",
    "AppealDecided",
    "AppealFiled",
    "AppealOutcome",
    "ArtistMatch",
    "ArtistStatus",
    "AudioRef",
    "ConsentGrant",
    "Contributor",
    "DecisionMade",
    "Declaration",
    "DeliveryStep",
    "DistributorRegistered",
    "Event",
    "FindingRecorded",
    "GrantUse",
    "Label",
    "LabelAction",
    "LabelStated",
    "Outcome",
    "Passage",
    "PolicyStage",
    "PolicyStep",
    "PolicyVersionChanged",
    "ProtectedArtist",
    "Reason",
    "Record",
    "RelistenRequested",
    "ReviewResolved",
    "RuleTrace",
    "TimeRange",
    "TrackUploaded",
    "Verdict",
    "VoiceReference",
    "WebhookDelivery",
    "WebhookRegistered",
]
