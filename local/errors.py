"""The exception of the local stack."""


class LocalStackError(Exception):
    """An error for the user, with a hint what to do; commands print it and exit with 1."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
