"""How good: records in; statistics, tables and pages out."""
