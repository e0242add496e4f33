"""Signing people in at an OpenID provider, for every service that has pages for a team."""
