"""The contract with callers: routes, request documents, response bodies and event schemas.

Here: JSON in and out, the same for HTTP, events and direct invocations.
Not here: transport (headers, statuses, queues) and storage.
"""
