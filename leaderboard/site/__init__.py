"""``drivebench site``: the leaderboard as static pages, which open from the file system."""
