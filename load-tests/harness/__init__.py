"""What the load tests share: servers as processes, an identity provider, load, bodies of requests.

Nothing but Python's standard library. Everything listens on loopback, on ports of the system's choice.
"""
