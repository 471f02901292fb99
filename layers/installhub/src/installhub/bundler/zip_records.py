"""The records of a ZIP archive as they are stored (PKWARE APPNOTE 6.3.10)."""

from __future__ import annotations

import struct
from typing import Final

LOCAL_SIGNATURE: Final = b"PK\x03\x04"
CENTRAL_SIGNATURE: Final = b"PK\x01\x02"
END_SIGNATURE: Final = b"PK\x05\x06"
ZIP64_END_SIGNATURE: Final = b"PK\x06\x06"
ZIP64_LOCATOR_SIGNATURE: Final = b"PK\x06\x07"

LOCAL_HEADER: Final = struct.Struct("<4s5H3I2H")
CENTRAL_HEADER: Final = struct.Struct("<4s6H3I5H2I")
ZIP64_OFFSET: Final = struct.Struct("<HHQ")
ZIP64_END: Final = struct.Struct("<4sQ2H2I4Q")
ZIP64_LOCATOR: Final = struct.Struct("<4sIQI")
END: Final = struct.Struct("<4s4H2IH")

MAX_16: Final = 0xFFFF
MAX_32: Final = 0xFFFFFFFF
