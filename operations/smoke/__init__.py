"""Checks a deployed stack from a caller's point of view: `make smoke`."""
