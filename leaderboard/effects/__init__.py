"""What a method changes: small studies on one family of scenarios, over training seeds."""
