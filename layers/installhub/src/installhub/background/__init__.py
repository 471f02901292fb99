"""Exports that nobody waits for: how requests arrive by events, and how their outcome is announced.

A request comes from EventBridge, from the inbox bucket or from ``Prefer: respond-async``, always through one queue
(``jobs``). The ``worker`` hands it to :class:`installhub.exporting.Exporter`, the same use case that HTTP calls, and
``deliveries`` decides what becomes of the message. ``outcomes`` announces what was committed.
"""
