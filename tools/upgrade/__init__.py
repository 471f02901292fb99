"""Checks that CloudFormation can update a stack of the last release to template.yaml without losing data."""
