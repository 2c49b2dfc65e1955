"""highway-env's own environments on the compiled world, and what holds the two against each other."""
