"""The pure core: commands, events, errors, names, text, policy, limits, ports: values, questions.
Nothing here imports a framework, a database, the clock or chance."""
