"""Mutation testing: checks that a test fails for every small change of the code."""
