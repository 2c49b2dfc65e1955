"""An organiser's evaluation service: archives of submissions come in over HTTP, verdicts and a table go out.

The web process reads and writes rows of a database and hands out files. It opens no archive and imports no
submission: archives are unpacked by a short-lived process of its own, and each submission is checked, driven,
verified and published by a job, another process, which drives the policy in isolation.
"""
