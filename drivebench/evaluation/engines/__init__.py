"""Where the chunks of a run are driven: by processes of this machine, by Ray, by SLURM."""
