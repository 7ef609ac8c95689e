"""How the hosts of one chat ring each other: every ports.Bus there is.
What is done on hearing a notice is the node's."""
