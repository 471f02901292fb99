"""Who is calling: bearer tokens, the issuer's keys, the caller, usage-plan keys.

Here: token verification, which reads no environment, and the usage-key adapters.
Not here: HTTP statuses and routes. Importing a module of this package loads no cryptography until a token is verified.
"""
