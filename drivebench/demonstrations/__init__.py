"""Recording what an expert does, and reading it back."""
