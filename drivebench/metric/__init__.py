"""The DriveBench Score: events, measurements, parts, formula.

``events``, ``measurement``, ``fault``, ``parts``, ``score`` and ``other_boards`` are pure: they need no
simulator, so that a score can be derived again from a record alone. ``monitor``, ``measure`` and ``comfort``
watch a simulation.
"""
