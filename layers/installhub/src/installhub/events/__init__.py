"""Everything that does not arrive over HTTP: queue messages, inbox objects, invocations, streams and schedules.

Here: the export worker and its retries, failed and expired requests, and outcome events.
Not here: exporting itself, which is :mod:`installhub.exports`.
"""
