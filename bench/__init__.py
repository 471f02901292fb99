"""Measures the product against what people would use instead: `make bench`, one module a topic."""
