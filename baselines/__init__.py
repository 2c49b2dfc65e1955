"""Who drives: one file per method. The only place that imports torch."""
