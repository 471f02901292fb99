"""Runs one release's authorizer for `bench.authorizer`, in a process with only that release's code on its path.

The first line of the input is an event; the second one, a JSON list of tokens. Each further line is a number of calls,
whose CPU time is printed in seconds. The first call is not warm: send a line for it, and ignore its time.
"""

from __future__ import annotations

import importlib
import itertools
import json
import sys
import time


class Context:
    """Lambda's context."""

    function_name = "authorizer"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:authorizer"
    aws_request_id = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"


def main() -> None:
    """Run the command."""
    handler = importlib.import_module("app").handler
    event, tokens = json.loads(sys.stdin.readline()), json.loads(sys.stdin.readline())
    headers = itertools.cycle(f"Bearer {token}" for token in tokens)
    context = Context()
    for line in sys.stdin:
        events = [{**event, "headers": {**event["headers"], "Authorization": next(headers)}} for _ in range(int(line))]
        started = time.process_time()
        for each in events:
            response = handler(each, context)
        took = time.process_time() - started
        if response["policyDocument"]["Statement"][0]["Effect"] != "Allow" or "usageIdentifierKey" not in response:
            raise AssertionError(response)
        print(took, flush=True)


if __name__ == "__main__":
    main()
