"""The distributors' portal: their uploads, why, what to do about it. Signed in by API key."""
