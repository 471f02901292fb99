"""HTTP as API Gateway's proxy integration delivers it: requests in, responses out.

Here: parsing requests, building responses and headers, turning errors into problem documents.
Not here: storage and use cases; handlers in ``functions/`` connect them.
"""
