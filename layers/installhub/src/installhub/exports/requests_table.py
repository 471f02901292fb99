"""The attributes that all items of the requests table have in common."""

from typing import Final

REQUEST_ID: Final = "requestId"
STATUS: Final = "status"
EXPIRES_AT: Final = "expiresAt"
