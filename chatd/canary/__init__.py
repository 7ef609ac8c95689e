"""`chatd canary`: chats with a chatd from outside, all the time, and counts what became of it.
What it counts is tally.py and rows.py, the chatting watch.py; docs/canary.md says how to run it."""
