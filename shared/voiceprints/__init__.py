"""Voice templates at rest: sealed with a key per artist, readable for as long as that key exists."""
