"""What an operator meets: configuration, logs, systemd. One file or folder each.
What people say to each other never passes through here."""
