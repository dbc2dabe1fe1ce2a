"""The files of the stage `Spool`: events at rest, until a server has them.

A folder belongs to one user and may serve any number of processes and projects. Each process has a file of its own for each
of its transports (`own`), with a lock beside it that dies with the process (`lock`). A file whose lock can be had is an
orphan, and whoever finds it delivers what is in it (`orphans`). A file is a database of SQLite (`store`, `schema`), in
which every change is one statement. What is damaged is set aside (`salvage`).

What comes of a try to deliver is judged in `verdict`; when to try next, in `pace`; the trying is in `replay`.
"""
