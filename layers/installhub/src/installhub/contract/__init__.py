"""The contract with callers: routes, request documents, response bodies and event schemas.

Here: the JSON of requests, responses and events, the same for HTTP, events and direct invocations.
Not here: transport (headers, statuses, queues) and storage.
"""
