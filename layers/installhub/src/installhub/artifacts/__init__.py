"""A tenant's artifacts: the artifacts table and the definition bucket.

Here: validating and publishing artifacts, reading the dependency graph for the resolver, reading definitions.
Not here: HTTP, and anything about packages.
"""
