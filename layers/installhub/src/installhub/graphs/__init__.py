"""Pictures of dependency graphs: SVG, Mermaid and DOT.

Here: pure code that turns artifacts into nodes and edges, arranges them, and writes them as text.
Not here: which artifacts a picture shows, and HTTP.

Its records are named tuples: their classes cost a tenth of the import time of dataclasses, and a picture has thousands.
"""
