"""The moves as tools for any agent, over the Model Context Protocol.

An agent opens a recording, makes moves or says words, and renders. Every tool that changes the desk
answers with the desk as it then stands. It may name files within some folders only.
"""

from sayso.service.agents.server import create_server

__all__ = ["create_server"]
