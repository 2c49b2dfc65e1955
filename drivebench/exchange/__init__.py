"""Demonstrations in the forms of other libraries, and back: Minari both ways, LeRobot outwards."""
