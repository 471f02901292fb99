"""Bundles: a manifest and compressed definitions in a deterministic ZIP archive.

Here: pure code that writes bytes to a sink. Nothing in a bundle depends on the time, the machine or the caller.
Not here: where the bytes come from or where they go.
"""
