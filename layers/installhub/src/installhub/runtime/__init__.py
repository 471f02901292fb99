"""What any function needs at run time: settings, AWS clients, their errors, DynamoDB expressions, telemetry, GC.

Here: code that is independent of the service's domain.
Not here: anything about artifacts, packages, exports or routes.
"""
