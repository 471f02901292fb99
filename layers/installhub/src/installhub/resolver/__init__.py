"""Dependency resolution: from root artifacts to their closure, its install order and its problems.

Here: pure graph algorithms behind the :class:`~installhub.resolver.closure.Catalog` port.
Not here: DynamoDB, S3, HTTP or anything else that performs I/O.
"""
