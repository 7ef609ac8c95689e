"""Who somebody is: passwords, bots' tokens and guests' tokens; ports.Authenticator over any Store.
What somebody may do is chatd/core/policy; names are chatd/core/names."""
