"""The controlled-drug ledger: every microgram moves from account to account; none appears or vanishes."""
