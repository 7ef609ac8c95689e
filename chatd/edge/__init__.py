"""The edge: sockets, HTTP and WebSocket, and the only folder with Autobahn in it.
What is said over a connection is the node's; what the edge asks of others is ports.py."""
