"""What the registry and the notifier must agree on about webhooks: addresses, and secrets at rest."""
