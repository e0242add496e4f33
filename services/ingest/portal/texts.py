"""Reason codes and states in plain words: what it means, and what a distributor can do.

One place for every word. A code that is not here is told with the decision's own sentence.
"""

# ruff: noqa: E501 - sentences are easier to correct in one piece

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """``todo`` is empty where there is nothing to do."""

    title: str
    meaning: str
    todo: str = ""


STATES = {
    "received": Words(
        "Being checked", "We have your recording and are checking it. This takes seconds as a rule."
    ),
    "publish": Words("Cleared", "Nothing stands in the way of this recording. It is passed on as delivered."),
    "label": Words("Cleared with a label", "The recording is passed on. Listeners see the label with it."),
    "quarantine": Words(
        "Held",
        "The recording is held until a person has looked at it. It is not published meanwhile, and you can contest what they decide.",
    ),
    "reject": Words("Refused", "A person looked at the recording and refused it. It is not published."),
}

_WAIT = "You need to do nothing: it is looked at again."
_DECLARE = "If part of it was generated, deliver it again and say so under “Made with AI”. That is allowed, and labelled."

REASONS = {
    "test_delivery": Words(
        "Test delivery", "You marked it as a test. Tests are checked and never published.",
        "To publish it, deliver it again without the mark.",
    ),
    "finding_error": Words("A check failed on our side", "One of our checks could not be carried out.", _WAIT),
    "finding_missing": Words("A check is late", "One of our checks did not answer in time.", _WAIT),
    "unexpected_verdict": Words("A check contradicts itself", "One of our checks gave an answer that makes no sense.", _WAIT),
    "nothing_measured": Words(
        "Nothing could be measured", "There is too little sound in the file for our checks.",
        "Listen to the file that you delivered. If it is cut or silent, deliver it again.",
    ),
    "voice_without_consent": Words(
        "A protected voice", "The recording carries the voice of an artist who protects it, and we know of no "
        "consent that covers your delivery.",
        "Ask the artist, or whoever manages them, to register their consent for you with us. Once they did, deliver "
        "it again. If it is the artist's own recording, contest the decision and say so.",
    ),
    "removed_recording": Words(
        "Removed before", "The recording, or a part of it, is one that was removed before.",
        "If it was removed by mistake, or the reason is settled, contest the decision and say so.",
    ),
    "recording_under_another_name": Words(
        "Delivered before under another name", "Another distributor delivered the same recording before, and "
        "names another artist.",
        "If the recording is yours to deliver, contest the decision and say what shows it.",
    ),
    "later_copy_removed": Words(
        "A copy was removed", "Another distributor delivered a copy of this recording, and it was removed. Yours stays.",
    ),
    "duplicate_delivery": Words(
        "Delivered before", "Another distributor delivered the same recording of the same artist before.",
    ),
    "part_of_another_recording": Words(
        "Shares a part with another recording", "Noted. It holds nothing.",
    ),
    "possible_voice_clone": Words(
        "May imitate a protected voice", "The recording is likely generated, and its voice resembles that of an "
        "artist who protects it.",
        "If the artist agreed, ask them to register their consent with us. If the voice is somebody else's, contest "
        "the decision and say whose it is.",
    ),
    "possible_impersonation": Words(
        "May pass for somebody else", "You credit an artist who protects their name, the voice resembles theirs, and "
        "the delivery does not come from their distributor.",
        "Correct the credits and deliver it again, or ask the artist to register their consent.",
    ),
    "protected_name_claimed": Words(
        "A protected name in the credits", "You credit an artist who protects their name, and we know of no consent "
        "that covers your delivery.",
        "Correct title and credits and deliver it again, or ask the artist to register their consent for you.",
    ),
    "possible_voice_noted": Words("Resembles a protected voice", "Noted, and too weak to count as a match."),
    "account_resembles_voice": Words(
        "Several tracks resemble a protected voice", "This recording and others that you delivered under the same name "
        "resemble the voice of an artist who protects it. None of them is a match by itself, so a person listens.",
        "You need to do nothing. If the artist agreed, ask them to register their consent for you with us.",
    ),
    "voice_licensed": Words("Licensed voice", "The artist's consent covers the use of their voice in this delivery."),
    "own_distributor": Words("The artist's own", "The artist named you as their own distributor."),
    "protection_withdrawn": Words("Protection withdrawn", "A recognised voice is protected no longer and was disregarded."),
    "ai_declared": Words("Declared as made with AI", "You said so. The label tells listeners what you told us."),
    "ai_detected_as_declared": Words("Made with AI, as declared", "Our check found what you declared."),
    "ai_undeclared": Words(
        "Signs of AI, nothing declared", "Our check finds signs that the recording was generated, and you made no "
        "statement about it.",
        "Deliver it again and say under “Made with AI” how it was made. If nothing was generated, contest the decision.",
    ),
    "ai_contradicts_declaration": Words(
        "Signs of AI, declared as none", "You declared that nothing was generated, and our check finds signs of it.",
        _DECLARE + " If nothing was, contest the decision: project files or stems help.",
    ),
    "manifest_contradicts_declaration": Words(
        "The file says AI, declared as none", "You declared that nothing was generated. The file carries a signed statement "
        "of the software that made it, and that says that it was.",
        _DECLARE + " If nothing was, contest the decision and say which software you used for what.",
    ),
    "ai_inconclusive": Words("AI check without a result", "Whether it was generated could not be told."),
    "ai_not_measured": Words("Too little for the AI check", "There was too little sound to measure."),
    "voice_not_measured": Words("No voice to compare", "There was no voice in it, or too little."),
    "voice_inconclusive": Words("Voice check without a result", "Whether the voice is a protected artist's could not be told."),
    "reviewed": Words("Looked at by a person", "A person listened and decided."),
    "review_not_applicable": Words("Needs another look", "A person decided, and the decision could not be carried out.", _WAIT),
    "reopened_after_review": Words("Opened again", "Something that the decision rested on has changed since.", _WAIT),
    "priority_review": Words("A person takes a look", "It is likely to be heard by many, so a person looks first.", "You need to do nothing: a person looks at it."),
    "policy_error": Words("A check failed on our side", "One of our rules could not be carried out.", _WAIT),
    "label_added": Words("Labelled by a person", "A person put the label on it.", "If it does not belong there, contest the decision."),
    "label_negated": Words("Label taken away by a person", "A person took a label off it."),
    "no_protected_voice": Words("No protected voice", "The voice is nobody's who protects it."),
    "no_rule_matched": Words("Needs a person", "None of our rules covers what was found, so a person decides.", "You need to do nothing: a person looks at it."),
    "nothing_found": Words("Nothing found", "No sign of generation and no protected voice."),
}  # fmt: skip

DELIVERY_STEPS = {
    "queued": "Waiting to be sent",
    "failed": "Failed, will be tried again",
    "delivered": "Delivered",
    "given_up": "Given up after every attempt failed",
    "held": "Not sent",
    "replayed": "Waiting to be sent again",
}
ENDPOINT_STATES = {
    "on": Words("on", "You are told of each decision."),
    "failing": Words(
        "failing", "Your system did not take the last messages. We try again by ourselves, for days.",
        "See below what it answered.",
    ),
    "given_up": Words(
        "off, given up", "Your system took nothing for days, so we stopped. Decisions are not told.",
        "When it works again, save the address once more; then replay what you missed.",
    ),
    "off": Words("off", "You, or the platform, switched it off. Decisions are not told.", "Save the address to switch it on."),
}  # fmt: skip
APPEAL_OUTCOMES = {
    "upheld": "The decision stands.",
    "overturned": "You were right: the decision was changed.",
    "lapsed": "The decision was replaced before your appeal was answered.",
}
_NEW_KEY = (
    "Ask the artist, or whoever manages them, for a key for you; then deliver the recording again with it."
)
KEY_STATES = {
    "live": Words("accepted", "You deliver for the artist: the recording counts as the artist's own."),
    "not_needed": Words("accepted, not needed", "The key is good. Neither the voice nor the credits point to its artist."),
    "undecided": Words("not looked at yet", "It is looked at when the recording is decided."),
    "unknown": Words("refused: not known", "No artist gave such a key.", "Compare it with what the artist sent you; it begins with tga_."),
    "other_grantee": Words("refused: given to somebody else", "The artist gave this key to another distributor.", _NEW_KEY),
    "revoked": Words("refused: taken back", "The artist took this key back.", _NEW_KEY),
    "expired": Words("refused: expired", "The key's time is over.", _NEW_KEY),
    "not_yet_valid": Words("refused: not valid yet", "The key's time has not begun.", "It is looked at again by itself when it has."),
}  # fmt: skip
BASES = {
    "declared": "you declared it",
    "detected": "our checks found it",
    "both": "you declared it and our checks found it",
    "licensed": "covered by the artist's consent",
    "review": "a person decided it",
}
AI_USES = {
    "undeclared": "No statement",
    "none": "Nothing in it was generated",
    "partly": "Part of it was generated",
    "all": "All of it was generated",
}


def happened(what: str, summary: str) -> str:
    """An entry of a track's history; its summary begins with the outcome or the detector."""
    subject = summary.partition(" ")[0].rstrip(":")
    match what:
        case "received":
            return "Received and stored"
        case "finding":
            return f"Checked ({subject.replace('_', ' ')})"
        case "decision":
            return STATES[subject].title if subject in STATES else summary
        case _:
            return "A person decided"


def reason(code: str, text: str) -> Words:
    """A reason's words; what is not known here is told as the decision tells it."""
    return REASONS.get(code) or Words(text, "")
