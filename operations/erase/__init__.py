"""Erases a tenant: `make erase`."""
