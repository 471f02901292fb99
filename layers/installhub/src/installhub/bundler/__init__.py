"""The bundle: a manifest and packed definitions become one deterministic ZIP archive.

Here: pure code that writes bytes to a sink. Nothing in a bundle depends on when, where or by whom it was made.
Not here: where the bytes come from or where they go.
"""
