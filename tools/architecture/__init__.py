"""Draws the packages of the layer and their imports, from the code, into docs/architecture-layers.svg."""
