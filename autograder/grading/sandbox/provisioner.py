"""A Jupyter kernel provisioner that starts a learner's kernel in the sandbox.

Jupyter finds it by its entry point, `course-sandbox`. A kernel specification names it in its metadata, with the unit of
the lab as its configuration; `kernel_manager` makes such a one. Without walls, where the instructor asked for it, the
kernel is a process of its own in a folder of its own, and no more.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Any, Int

from autograder.grading.sandbox import Limits, furnish, profile_of, temporary, tiers, walls

NAME = "course-sandbox"
PORTS = {f"{channel}_port": 1 + place for place, channel in enumerate(("shell", "iopub", "stdin", "control", "hb"))}


def kernel_manager(unit, limits, tier):
    """Return a Jupyter kernel manager for kernels of a unit's lab."""
    configuration = {"unit": unit, "limits": limits, "tier": tier}
    metadata = {"kernel_provisioner": {"provisioner_name": NAME, "config": configuration}}
    spec = KernelSpec(display_name="a learner's kernel", language="python", metadata=metadata)

    class Specifications(KernelSpecManager):
        def get_kernel_spec(self, name):
            return spec

    folder = tempfile.mkdtemp(prefix="room-", dir=temporary.folder())
    how = {"transport": "ipc", "ip": f"{folder}/kernel"} if os.name == "posix" else {}
    manager = KernelManager(
        kernel_name=NAME,
        kernel_spec_manager=Specifications(),
        connection_file=f"{folder}/kernel.json",
        autorestart=False,
        **how,
    )
    manager.room = Path(folder)
    return manager


class SandboxProvisioner(KernelProvisionerBase):
    """Starts the kernel of a unit's lab, within limits, behind the walls of a tier."""

    unit = Int(config=True, help="the unit of the lab: the kernel can import what earlier units teach")
    limits = Any(Limits(), config=True, help="what the kernel may use, as autograder.grading.sandbox.Limits")
    tier = Any(None, allow_none=True, config=True, help="how it is walled off; found out if it is not given")

    started = None

    @property
    def has_process(self):
        return self.started is not None

    async def pre_launch(self, **kwargs):
        self.tier = self.tier or tiers.detect()
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd, **kwargs):
        manager = self.parent
        connection = {**PORTS, "key": manager.session.key.decode(), "signature_scheme": "hmac-sha256"}
        connection |= {"transport": manager.transport, "ip": manager.ip}
        if self.tier.bwrap:
            within = f"{walls.TEMPORARY}/sockets"
            settings = {"folders": [within], "work": f"{walls.TEMPORARY}/work"}
            settings["connection"] = {**connection, "ip": f"{within}/kernel"}
            self.started = walls.Walled(self.tier, self.unit, self.limits, profile_of(self.unit), settings)
            connection["ip"] = f"/proc/{self.started.pid}/root{within}/kernel"
        else:
            if manager.transport == "tcp":  # Windows
                manager.write_connection_file()
                connection |= {name: getattr(manager, name) for name in PORTS}
            self.started = Unwalled(self.unit, self.limits, manager.room, connection)
        self.connection_info = {**connection, "key": connection["key"].encode()}
        return self.connection_info

    async def poll(self):
        return self.started.process.poll() if self.started else 0

    async def wait(self):
        return self.started.process.wait() if self.started else 0

    async def send_signal(self, signum):
        """Only the end is passed on: a learner's kernel that does not answer is ended and started anew."""
        if signum != 0:
            await self.kill()

    async def kill(self, restart=False):
        if self.started:
            self.started.end()

    async def terminate(self, restart=False):
        await self.kill()

    async def cleanup(self, restart=False):
        await self.kill()
        self.started = None


class Unwalled:
    """A kernel's process without walls, in the folder `room`."""

    def __init__(self, unit, limits, room, connection):
        home = str(room / "home")
        names = ("HOME", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")
        env = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}  # Windows needs it
        env |= {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]), "LANG": "C.UTF-8"}
        env |= dict.fromkeys(names, home) | {"TMPDIR": str(room / "tmp")} | walls.SAME_EVERYWHERE
        env["JPY_PARENT_PID"] = str(os.getpid())  # the kernel ends when this process is gone
        memory = limits.memory if profile_of(unit).address_space else None
        settings = {"limits": {"memory": memory}, "walled": False, "packages": [], "folders": []}
        settings |= {"work": str(room / "work"), "connection": connection}
        launch = str(furnish.furnished(unit) / "launch.py")
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-s", launch, json.dumps(settings)],
            cwd=room,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.pid = self.process.pid

    def end(self):
        """Kill every process of the kernel's group; one that left it may stay."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self.pid, signal.SIGKILL)
            else:
                self.process.kill()
        self.process.wait()


def remove_room(manager):
    """Remove a manager's folder."""
    shutil.rmtree(manager.room, ignore_errors=True)
