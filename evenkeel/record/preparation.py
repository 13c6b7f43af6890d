"""Consent, with the version that was read."""

from evenkeel.record.codec import payload


@payload("consent.given")
class ConsentGiven:
    """The patient agreed to a stated version of the consent text, after talking with a named person."""

    document: str
    version: str
    language: str
    explained_by: str
    topics: tuple[str, ...]
    off_label_explained: bool


@payload("consent.withdrawn")
class ConsentWithdrawn:
    """The patient no longer agrees; nothing is given after this."""

    said_to: str
    reason: str
