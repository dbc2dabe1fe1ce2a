"""A golden corpus: small broken programs, what their events must show and hide, and the events as they should be.

`programs` has the programs. They know of no error client; a `sitecustomize` in `sdk` starts one before they run. In the
comments below its docstring each says what is to be found in its event, one fact a line:

    # trait: TEXT        what it is about, in a few words
    # shows: TEXT        what the event must have in it; `# shows 3.11: TEXT` asks for this from that Python on
    # hides: TEXT        what it must not have anywhere: mostly a planted secret
    # events: NUMBER     how many events it makes, if not 1
    # needs: 3.11        the first Python that can run it
    # golden: no, TEXT   there is no golden file, and why

`golden` has each program's event, without what changes from run to run (see `normal`). When an event has changed on
purpose, `python -m tests.corpus.accept` writes it anew.
"""
