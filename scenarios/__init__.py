"""What is driven: one file per scenario family, the suites, and the privileged expert."""

import drivebench  # noqa: F401 - it registers what stands below, and must do so before any of that is loaded
