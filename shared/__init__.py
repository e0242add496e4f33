"""What every service stands on: event contracts, topics, the stream runner, audio, storage, settings.

Nothing here decides anything about a track; that is the services' business.
"""
