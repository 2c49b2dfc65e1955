"""Rollouts, isolated policies, run records, verification."""
