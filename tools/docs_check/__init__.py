"""Checks that the documentation names only what exists: paths, headings, make targets, parameters, code and tests."""
