"""The tuned path: LSH attention, its gradients and its hash, quick and in memory that grows with length alone.

It is one switch of the model. Nothing here says what LSH attention is: `lsh_attention` and `gradients` do, and tests
hold every number made here to theirs. There is nothing to read here on a first evening; whoever wonders what an idea
costs in NumPy, and where the time goes, begins at `fast.lsh_attention`.
"""
