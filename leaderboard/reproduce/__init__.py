"""The published table, trained and driven again, and held against what was published."""
