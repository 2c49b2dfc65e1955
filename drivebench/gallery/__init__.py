"""The gallery: one self-contained HTML page with every scenario's description and pictures.

Nothing on it is written by hand: texts come from the docstring of the scenario's module, pictures from its
episodes.
"""
