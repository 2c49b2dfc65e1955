"""The DriveBench Score: events, parts, formula."""
