"""The identity of callers: bearer tokens, the issuer's keys, callers, usage-plan keys.

Here: token verification, which is independent of AWS and settings, and the usage-key adapters.
Not here: HTTP statuses and routes.

Importing these modules does not load the cryptography library; creating a token verifier does.
"""
