"""The contracts between services: frozen models of everything that lies on a topic.

Changes are additive and optional; a breaking change is a new event type on a new topic. The JSON Schemas
under ``shared/contracts`` are generated from here and a test refuses drift.
"""

from shared.events.appeal import AppealDecided, AppealFiled, AppealOutcome
from shared.events.artist_key import ArtistKeyGiven
from shared.events.base import Event, Record, TimeRange
from shared.events.decision import DecisionMade, Label, Outcome, Reason, RuleTrace
from shared.events.enrolment import (
    EnrolmentProposed,
    Fitness,
    Neighbour,
    ProposalState,
    ReferenceCheck,
    ReferencesChecked,
)
from shared.events.finding import (
    ArtistMatch,
    FindingRecorded,
    Part,
    PartReading,
    Passage,
    Provenance,
    ProvenanceState,
    Verdict,
)
from shared.events.label import LabelAction, LabelStated
from shared.events.policy import PolicyStage, PolicyStep, PolicyVersionChanged
from shared.events.recording_copy import RecordingCopy, Sameness
from shared.events.registry import (
    ArtistStatus,
    BiometricConsent,
    ConsentGrant,
    DistributorRegistered,
    GrantUse,
    ProofOfAuthority,
    ProtectedArtist,
    VoiceReference,
)
from shared.events.relisten import RelistenRequested
from shared.events.review import ReviewResolved
from shared.events.upload import AcousticFingerprint, AiUse, AudioRef, Contributor, Declaration, TrackUploaded
from shared.events.voiceprint import VoiceprintSealed
from shared.events.webhook import DeliveryStep, WebhookDelivery, WebhookRegistered

__all__ = [
    "AcousticFingerprint",
    "AiUse",
    "AppealDecided",
    "AppealFiled",
    "AppealOutcome",
    "ArtistKeyGiven",
    "ArtistMatch",
    "ArtistStatus",
    "AudioRef",
    "BiometricConsent",
    "ConsentGrant",
    "Contributor",
    "DecisionMade",
    "Declaration",
    "DeliveryStep",
    "DistributorRegistered",
    "EnrolmentProposed",
    "Event",
    "FindingRecorded",
    "Fitness",
    "GrantUse",
    "Label",
    "LabelAction",
    "LabelStated",
    "Neighbour",
    "Outcome",
    "Part",
    "PartReading",
    "Passage",
    "PolicyStage",
    "PolicyStep",
    "PolicyVersionChanged",
    "ProofOfAuthority",
    "ProposalState",
    "ProtectedArtist",
    "Provenance",
    "ProvenanceState",
    "Reason",
    "Record",
    "RecordingCopy",
    "ReferenceCheck",
    "ReferencesChecked",
    "RelistenRequested",
    "ReviewResolved",
    "RuleTrace",
    "Sameness",
    "TimeRange",
    "TrackUploaded",
    "Verdict",
    "VoiceReference",
    "VoiceprintSealed",
    "WebhookDelivery",
    "WebhookRegistered",
]
