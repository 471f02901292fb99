"""Inputs other than HTTP: queue messages, inbox objects, direct invocations, table streams and schedules.

Here: the export worker and its retries, failed and expired requests, outcome events.
Not here: the export use case, which is in :mod:`installhub.exports`.
"""
