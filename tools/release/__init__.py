"""Releases: `make release` checks, commits, builds and tags a version. See docs/releasing.md."""
