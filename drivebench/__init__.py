"""The engine: world, sensors, rollouts, demonstrations, evaluation, metric, command line."""
