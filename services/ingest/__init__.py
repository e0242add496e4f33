"""The door: who may deliver, what a valid upload is, storing its audio and announcing it."""
