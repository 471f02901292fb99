"""Generators of what the repository keeps beside its code; see the Makefile."""
