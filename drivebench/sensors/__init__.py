"""What a policy can sense: cameras, speed, route command, kinematics table."""
