"""Give up what a learner's kernel does not need, once and for all, before any code of theirs runs.

Limits of the process, the user it runs as, the right to gain rights, and system calls that reach into the kernel's
darker corners or hold memory that nobody counts. Only `launch` calls this, inside the walls that bubblewrap has built.
A process that has lost these things cannot get them back, and neither can its children.
"""

import ctypes
import os
import platform
import resource
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, EQUALS, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # classic BPF
NUMBER, ARCHITECTURE, FIRST, SECOND, THIRD = 0, 4, 16, 24, 32  # offsets in struct seccomp_data, little-endian
FOREIGN_ABI = 0x40000000  # x32 on x86-64
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
FAMILIES = (1, 2, 10, 16)  # of sockets: UNIX; IPv4, IPv6 and NETLINK, which lead nowhere in here; not VSOCK, say

# What is refused, by architecture (x86_64, aarch64); None where it does not exist. Numbers: the kernel's unistd tables.
REFUSED = {
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "move_pages": (279, 239), "migrate_pages": (256, 238),
    # mounts and namespaces
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "setns": (308, 268),
    "unshare": (272, 97), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    # large and rarely needed parts of the kernel
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "fanotify_init": (300, 262), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "modify_ldt": (154, None), "personality": (135, 92),
    # memory that belongs to no process and so is not counted
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "semget": (64, 190),
    "msgget": (68, 186), "mq_open": (240, 180),
    # locks on files that other kernels see, too
    "flock": (73, 32),
    # the machine itself
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "quotactl": (179, 60), "syslog": (103, 116), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "iopl": (172, None),
    "ioperm": (173, None), "sethostname": (170, 161), "setdomainname": (171, 162), "vhangup": (153, 58),
}  # fmt: skip
CLONE, CLONE3, SOCKET, SETSOCKOPT = (56, 220), (435, 435), (41, 198), (54, 208)
BUFFERS = (7, 8, 32, 33)  # options of SOL_SOCKET, which is 1, that make buffers larger: nobody counts what they hold
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, and the audit architecture


def limit(memory, processes, files, file_size):
    """Set the limits of this process and its children; `memory` is None where address space is not to be limited."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_NOFILE: files,
        resource.RLIMIT_FSIZE: file_size,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 2**20,
        resource.RLIMIT_AS: resource.RLIM_INFINITY if memory is None else memory,
    }
    for which, most in limits.items():
        resource.setrlimit(which, (most, most))


def become(user):
    """Go on as an ordinary user, if this is the root of the walls' own user namespace."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def refuse_system_calls():
    """Load the filter of system calls. Raises OSError where the kernel does not take it."""
    libc = ctypes.CDLL(None, use_errno=True)
    program = filter_for(platform.machine())
    buffer = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    _require(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _require(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.create_string_buffer(described), 0, 0))


def filter_for(machine):
    """Return the filter as a classic BPF program, in bytes. Raises KeyError for a machine whose numbers are unknown."""
    column, architecture = MACHINES[machine]
    steps = [(LOAD, 0, 0, ARCHITECTURE), (EQUALS, 1, 0, architecture), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    if machine == "x86_64":
        steps += [(AT_LEAST, 0, 1, FOREIGN_ABI), (RETURN, 0, 0, ERRNO | EPERM)]
    for numbers in REFUSED.values():
        if numbers[column] is not None:
            steps += [(EQUALS, 0, 1, numbers[column]), (RETURN, 0, 0, ERRNO | EPERM)]
    steps += [(EQUALS, 0, 1, CLONE3[column]), (RETURN, 0, 0, ERRNO | ENOSYS)]  # libraries then call clone
    steps += [(EQUALS, 0, 4, CLONE[column]), (LOAD, 0, 0, FIRST), (ANY_BIT, 0, 1, NEW_NAMESPACES)]
    steps += [(RETURN, 0, 0, ERRNO | EPERM), (RETURN, 0, 0, ALLOW)]
    steps += [(EQUALS, 0, len(BUFFERS) + 5, SETSOCKOPT[column]), (LOAD, 0, 0, SECOND)]
    steps += [(EQUALS, 0, len(BUFFERS) + 1, 1), (LOAD, 0, 0, THIRD)]
    steps += [(EQUALS, len(BUFFERS) - place, 0, option) for place, option in enumerate(BUFFERS)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, ERRNO | EPERM)]
    steps += [(EQUALS, 0, len(FAMILIES) + 3, SOCKET[column]), (LOAD, 0, 0, FIRST)]
    steps += [(EQUALS, len(FAMILIES) - place, 0, family) for place, family in enumerate(FAMILIES)]
    steps += [(RETURN, 0, 0, ERRNO | EAFNOSUPPORT), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in [*steps, (RETURN, 0, 0, ALLOW)])


def _require(returned):
    if returned != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
