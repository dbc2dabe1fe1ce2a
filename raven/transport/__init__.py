"""The prebuilt transports, each a stack declared in a module of its own."""
