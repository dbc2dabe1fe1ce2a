"""What every transport has to do, as tests against real sockets.

    python -m raven.testing.conformance

runs them with all transports, and prints a table of what each of them holds to. `transports` says how one of your own is
put in their place, `patched` how they run in a monkey-patched process.
"""
