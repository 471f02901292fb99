"""The reasons for which a bundle or its attestation is refused."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from installhub.model.text import displayed, shown

_MAX_SHOWN_LENGTH: Final = 300


class Reason(StrEnum):
    """Why something was refused; stable names, for programs."""

    # The structure of the archive.
    BUNDLE_TOO_LARGE = "BundleTooLarge"
    END_MISSING = "EndMissing"
    END_WRONG = "EndWrong"
    TRAILING_BYTES = "TrailingBytes"
    TOO_MANY_ENTRIES = "TooManyEntries"
    DIRECTORY_WRONG = "DirectoryWrong"
    LEADING_BYTES = "LeadingBytes"
    ENTRIES_OVERLAP = "EntriesOverlap"
    GAP_BETWEEN_ENTRIES = "GapBetweenEntries"
    ENTRY_ENCRYPTED = "EntryEncrypted"
    ENTRY_HAS_DESCRIPTOR = "EntryHasDescriptor"
    ENTRY_FLAGS = "EntryFlags"
    ENTRY_METHOD = "EntryMethod"
    ENTRY_NOT_A_FILE = "EntryNotAFile"
    ENTRY_ATTRIBUTES = "EntryAttributes"
    ENTRY_EXTRA_FIELDS = "EntryExtraFields"
    ENTRY_TOO_LARGE = "EntryTooLarge"
    ENTRIES_TOO_LARGE = "EntriesTooLarge"
    ENTRY_DUPLICATE = "EntryDuplicate"
    NAME_NOT_TEXT = "NameNotText"
    NAME_ABSOLUTE = "NameAbsolute"
    NAME_CLIMBS = "NameClimbs"
    NAME_HAS_BACKSLASH = "NameHasBackslash"
    LOCAL_HEADER_DIFFERS = "LocalHeaderDiffers"
    # The content of entries.
    DATA_DAMAGED = "DataDamaged"
    SIZE_WRONG = "SizeWrong"
    CRC_WRONG = "CrcWrong"
    DIGEST_WRONG = "DigestWrong"
    NOT_JSON = "NotJson"
    NOT_CANONICAL = "NotCanonical"
    # The manifest, and what it says about the entries.
    MANIFEST_MISSING = "ManifestMissing"
    FORMAT_UNKNOWN = "FormatUnknown"
    FIELD_WRONG = "FieldWrong"
    ID_DUPLICATE = "IdDuplicate"
    PATH_WRONG = "PathWrong"
    ENTRY_NOT_IN_MANIFEST = "EntryNotInManifest"
    ENTRY_MISSING = "EntryMissing"
    ENTRY_OUT_OF_ORDER = "EntryOutOfOrder"
    INSTALL_ORDER_WRONG = "InstallOrderWrong"
    DEPENDENCY_MISSING = "DependencyMissing"
    DEPENDENCY_INSTALLED_LATER = "DependencyInstalledLater"
    ROOT_MISSING = "RootMissing"
    ARTIFACT_NOT_REQUIRED = "ArtifactNotRequired"
    REQUIREMENT_WRONG = "RequirementWrong"
    # The attestation: its envelope, its keys and what its statement says.
    ENVELOPE_TOO_LARGE = "EnvelopeTooLarge"
    ENVELOPE_MALFORMED = "EnvelopeMalformed"
    PAYLOAD_TYPE_UNKNOWN = "PayloadTypeUnknown"
    SIGNATURE_MISSING = "SignatureMissing"
    KEY_UNKNOWN = "KeyUnknown"
    KEY_UNUSABLE = "KeyUnusable"
    SIGNATURE_WRONG = "SignatureWrong"
    STATEMENT_MALFORMED = "StatementMalformed"
    SUBJECT_DIFFERS = "SubjectDiffers"
    PACKAGE_DIFFERS = "PackageDiffers"
    MANIFEST_DIFFERS = "ManifestDiffers"
    MATERIALS_DIFFER = "MaterialsDiffer"


class VerificationError(Exception):
    """A bundle or its attestation was refused.

    Attributes:
        reason: Why.
        place: Where: an entry of the bundle, a field of the manifest or of the attestation, or empty. It is shortened
            and has no control characters, since it can be text of whoever made the bundle.
        detail: What was found there, for a person.
    """

    def __init__(self, reason: Reason, place: str = "", detail: str = "") -> None:
        self.reason, self.place, self.detail = reason, shown(displayed(place), _MAX_SHOWN_LENGTH), detail
        super().__init__(": ".join(filter(None, (reason.value, self.place, detail))))
