"""Settings of all unit tests: no sockets, and a limited number of property-test examples."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket

settings.register_profile("unit", settings(deadline=None, max_examples=30))
settings.load_profile("unit")


@pytest.fixture(autouse=True)
def no_sockets() -> Iterator[None]:
    disable_socket()
    yield
    enable_socket()
