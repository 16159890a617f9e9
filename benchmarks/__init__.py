"""How fast our LSH attention is beside what a user would otherwise pick, on the same CPU.

`python -m benchmarks` is the short form: against jitted Trax where it is installed, else against our own dense
attention. `python -m benchmarks.attention` is the long one; `--help` has its options. `python -m benchmarks.limits`
says what the core can do at most, and where our time goes. `python -m benchmarks.allocators` measures peers with both
allocators, whole models, and writing. README.md beside this file is the page to read.

Protocol. CPU time of the process, not wall time; one thread a side; the two sides take turns, A B A B, in one process
pinned to one core; the ratio of a row is the median of the ratios of the turns. Compilation and the first call are
left out. Hashing is part of it, projections are not. Peak memory is taken in a process of its own for each side: the
high-water mark of the resident set during the first call, less the resident set before it. A busy machine still
moves ratios by a quarter either way, so the load is recorded.

Setting: attention core, chunks of 64, 64 features a head, causal, one chunk back, float32, 2 L / 64 buckets, in two
factors where there would be more than 128. lucidrains hashes into half as many buckets, as it always does. SDPA is
torch's dense attention: the same cost at any number of rounds, and not the same function.

Trax is measured at the project's own pins, in the project's own environment. The other peers live in an environment
of their own, made by

    python -m venv .peers
    .peers/bin/pip install -r benchmarks/peers.txt

and never become a dependency.
"""
