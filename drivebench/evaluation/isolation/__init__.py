"""Keeping a policy from everything but its observation: one file for each mechanism, and tiers of them.

:mod:`.tiers` tries them and chooses; :mod:`.confinement` is what the policy's process does to itself before
it imports a submission. What each tier stops and what it costs is in ``docs/isolation.md``.
"""
