"""What the load tests share: jotgate as a process, an identity provider, h2load, bodies of requests.

Nothing but Python's standard library. Everything listens on loopback, on ports of the system's choice.
"""
