"""The use cases: preview, export, and asynchronous or idempotent submission of an export.

Here: what HTTP, events and direct invocations share, in terms of commands and results.
Not here: the JSON of the contract, HTTP headers, and retries of queue messages.
"""
