"""The front door: wiring, ASGI application, command line, migrations and the demonstration."""
