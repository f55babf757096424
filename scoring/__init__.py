"""Pure scoring: the instrument, a case's profile and plan, pictures and documents.

Nothing here touches a database, a clock, a channel or the environment. Drawing (matplotlib) is imported only by
`scoring.figures` when something is drawn.
"""
