"""Every error that Trackgate raises on purpose.

TrackgateError
├── SettingsError         a setting is wrong: the process must not start
├── ContractError         bytes that are not a valid event
├── StoreError
│   ├── ObjectMissing     the object store answered, and the object is not there
│   ├── ObjectTooLarge    a body went over the limit it was stored under; nothing was kept
│   └── StoreUnavailable  the object store did not answer: systemic, stop consuming
├── PublishError          the broker did not acknowledge: systemic, stop consuming
├── SystemicError         any other outage that no single message is to blame for
└── TransientError        this message may succeed later: send it to a retry topic
"""


class TrackgateError(Exception):
    """Root of the tree."""


class SettingsError(TrackgateError):
    """A setting is missing or wrong; the message says which and what to do."""


class ContractError(TrackgateError):
    """Bytes or headers that do not hold a valid event of the expected kind."""


class SystemicError(TrackgateError):
    """An outage of something shared. The stream runner stops consuming and tries the same message again."""


class PublishError(SystemicError):
    """The broker did not acknowledge a record."""


class StoreError(TrackgateError):
    """Something about the object store."""


class ObjectMissing(StoreError):
    """The store answered and holds no such object."""


class ObjectTooLarge(StoreError):
    """A body went over the limit it was stored under."""


class StoreUnavailable(StoreError, SystemicError):
    """The store did not answer."""


class TransientError(TrackgateError):
    """This message may succeed later."""
