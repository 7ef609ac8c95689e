"""The Grafana dashboards, as Python; `make docs` writes packaging/monitoring/dashboards from them.
A board is a table of panels (overview, connections, …); panels.py is what they are made of."""
