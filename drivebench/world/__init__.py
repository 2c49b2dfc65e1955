"""The compiled world: roads and traffic as arrays, and the step that moves them."""
