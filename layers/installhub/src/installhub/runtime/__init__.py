"""The process a function runs in: settings, AWS clients and their failures, DynamoDB expressions, logs, metrics, GC.

Here: what every adapter and every function needs.
Not here: anything that knows artifacts, packages, exports or routes.
"""
