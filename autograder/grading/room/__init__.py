"""What a learner's kernel is furnished with: these files are copied there, and run nowhere else."""
