"""Two policies, or two methods, held against each other: ``drivebench compare``."""
