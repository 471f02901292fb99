"""Generators of files in the repository, and checks; see the Makefile."""
