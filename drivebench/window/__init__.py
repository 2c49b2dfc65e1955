"""A window to drive in: keyboard, real time, pictures and recording, each in a file of its own."""
