"""The sandbox: what a learner's kernel can see and use, and how it is started and watched.

`tiers` says how well this machine can wall a kernel off, `furnish` what the kernel can import, `walls` builds the
command of bubblewrap, `provisioner` starts it for Jupyter, and `meter` watches from outside what it uses,
and `temporary` has the folders that are gone afterwards. What is given up inside stands in `../room/confine.py`. The
promises are in `autograder/README.md`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a learner's code may use.

    start : seconds by the clock for a kernel to start
    cell, call : seconds of processor time of one cell, and of one call of a function
    wait : seconds by the clock of one cell or call, for what sleeps instead of working
    submission : seconds by the clock of a whole notebook
    memory : bytes: address space of a process, and what all processes of a kernel hold together
    processes : processes and threads of a kernel
    disk, files : bytes in its temporary folder, and files in it
    open_files : of one process
    output_kept, output_stop : bytes of output of one cell that are kept, and from which on the rest is not read
    """

    start: float = 60.0
    cell: float = 30.0
    call: float = 10.0
    wait: float = 60.0
    submission: float = 300.0
    memory: int = 4 * 2**30
    processes: int = 64
    disk: int = 64 * 2**20
    files: int = 10_000
    open_files: int = 128
    output_kept: int = 20_000
    output_stop: int = 50_000_000


@dataclass(frozen=True)
class Profile:
    """What the kernel of a lab needs beyond what all need.

    distributions : packages it can import, with all that they need
    bridge : modules of `trax_bridge` it can import: those that the lab does not ask for
    address_space : whether the limit of memory can be one of address space; jax maps far more than it uses
    processes, start, cell, call : as in `Limits`, where that is not enough: importing Trax takes half a minute and more
    """

    distributions: tuple[str, ...] = ()
    bridge: tuple[str, ...] = ()
    address_space: bool = True
    processes: int = 0
    start: float = 0.0
    cell: float = 0.0
    call: float = 0.0


PROFILES = {
    8: Profile(
        ("trax", "jax", "jaxlib"),
        bridge=("__init__", "loading", "mending", "parameters", "dialogues"),
        address_space=False,
        processes=512,
        start=180.0,
        cell=180.0,
        call=60.0,
    )
}


def profile_of(unit):
    """Return the profile of a unit's lab."""
    return PROFILES.get(unit, Profile())
