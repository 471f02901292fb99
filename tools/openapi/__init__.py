"""Generates docs/openapi.json."""
