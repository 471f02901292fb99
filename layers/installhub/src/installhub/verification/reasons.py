"""The reasons for which a bundle or its attestation is refused."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why something was refused; stable names, for programs."""

    # The attestation.
    ENVELOPE_TOO_LARGE = "EnvelopeTooLarge"
    ENVELOPE_MALFORMED = "EnvelopeMalformed"
    PAYLOAD_TYPE_UNKNOWN = "PayloadTypeUnknown"
    SIGNATURE_MISSING = "SignatureMissing"
    KEY_UNKNOWN = "KeyUnknown"
    KEY_UNUSABLE = "KeyUnusable"
    SIGNATURE_WRONG = "SignatureWrong"


class VerificationError(Exception):
    """A bundle or its attestation was refused.

    Attributes:
        reason: Why.
        place: Where: an entry of the bundle, a field of the manifest or of the attestation, or empty.
        detail: What was found there, for a person.
    """

    def __init__(self, reason: Reason, place: str = "", detail: str = "") -> None:
        super().__init__(": ".join(filter(None, (reason.value, place, detail))))
        self.reason, self.place, self.detail = reason, place, detail
