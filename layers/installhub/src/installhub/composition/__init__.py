"""The composition root: builds each adapter and use case once per process, from settings and AWS clients.

Here: one module per capability, one cached provider per object. A function imports only the modules it uses.
Not here: logic. A new function adds a provider of its own or uses an existing one.
"""
