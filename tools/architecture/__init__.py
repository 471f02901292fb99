"""Draws the packages of the layer and their imports; `make architecture`."""
