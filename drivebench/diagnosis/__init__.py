"""Why a policy fails: drift from the expert, recovery, cost against horizon, what it goes by."""
