"""The one exception of the local stack."""


class LocalStackError(Exception):
    """Something the user can read and act on; `local.__main__` prints it and exits with 1."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
