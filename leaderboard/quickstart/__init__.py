"""The main job end to end, made of the commands that anybody can type."""
