"""HTTP requests and responses, in the format of API Gateway's Lambda proxy integration.

Here: parsing requests, building responses and headers, converting errors to problem documents.
Not here: storage and use cases, which the handlers in ``functions/`` connect to HTTP.
"""
