"""How a learner's kernel is walled off from the machine that grades it: the one place to change for a sandbox.

Today nothing walls it off. It is a process of its own in a folder of its own, with limits on time, memory and output;
but it runs with the instructor's rights. Every report says so.
"""

NAME = "none"
MEANING = "the students' code ran with your own rights; grade only code from people you trust"


def enclose(argv, *, room, env, limits):
    """Return the command that runs `argv` behind walls.

    argv : the command of the kernel; its working folder and the paths in it lie below `room`
    room : the kernel's own folder, the only one it has to see and to write
    env : its environment variables, complete
    limits : `kernel.Limits`, what the walls should enforce
    """
    return argv
