"""Who did what, in a file that cannot be changed unnoticed: a chain of hashes, on disk before the deed."""
