"""Verifies a bundle and its attestation offline, without trusting either, the hub or the network.

Here: pure code that reads a file and public keys. It shares no code with the bundler, so that it cannot share a
mistake, and refuses everything that two ZIP or JSON readers could understand differently.
Not here: where bundles, attestations and keys come from, and how an attestation is made.
"""
