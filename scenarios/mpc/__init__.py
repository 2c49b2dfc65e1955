"""The second expert: trajectory optimisation by iLQR over the world's own bicycle."""
