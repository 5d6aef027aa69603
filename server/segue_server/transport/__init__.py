"""The wire: the contract's messages and statuses on one side, the domain on the other."""
