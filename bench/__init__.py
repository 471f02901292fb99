"""Benchmarks of the product against alternatives: `make bench`, with one module per topic."""
