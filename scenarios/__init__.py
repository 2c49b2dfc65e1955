"""What is driven: one file per scenario family, the suites, and the privileged expert."""
