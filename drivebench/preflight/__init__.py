"""Trying a submission out before it is evaluated: what is wrong with it, by code."""
