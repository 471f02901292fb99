"""The composition root: creates the adapters and use cases from settings and AWS clients, once per process.

Here: one module per capability, with a cached provider for each object. A function imports only the modules it uses.
Not here: logic.
"""
