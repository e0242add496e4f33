"""What artists agree to, word for word. A wording never changes once it is used: a new one has a version."""

CURRENT = "2026-11"
WORDINGS = {
    "2026-11": (
        "I agree that this service makes a voice template from the recordings that I name, and compares "
        "new music deliveries with it to find my voice, real or imitated. The template is biometric data "
        "about me. It is encrypted with a key of my own, is shown to nobody, and serves no other purpose. "
        "I can withdraw at any time without giving a reason; the key, the template and the recordings are "
        "then destroyed, and my voice is no longer looked for."
    )
}
