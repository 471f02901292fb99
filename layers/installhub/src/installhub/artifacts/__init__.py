"""A tenant's artifacts: the artifacts table and the definition bucket.

Here: validating and publishing artifacts, reading edges as the resolver's catalog, reading definitions.
Not here: HTTP, and everything about packages.
"""
