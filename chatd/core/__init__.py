"""The pure core: commands, events, errors, names, policy, limits and ports; values and questions.
Nothing here imports a framework, a database, the clock or chance."""
