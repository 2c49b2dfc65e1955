"""Work that is made of commands: what each leaves, what is finished, and running several at a time."""
