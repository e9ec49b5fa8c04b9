"""The tools that are compared: how each is started, asked to build and push, and made to forget all."""

import os
import shutil
import signal
import subprocess
import time

import measure


class Peer:
    """One tool with a store of its own. Commands are lists of arguments."""

    name = ""
    #: Processes that work for the tool beside its own commands.
    daemons = ()

    def __init__(self, work):
        self.work = work
        self.log = os.path.join(work, "log")
        self.environment = dict(os.environ)
        os.makedirs(work, exist_ok=True)

    def start(self):
        """Whatever has to run before the first command."""

    def stop(self):
        """Ends what `start` started, and removes the store."""
        self.forget()
        shutil.rmtree(self.work, ignore_errors=True)

    def forget(self):
        """Empties the store."""
        raise NotImplementedError

    def build(self, context, reference):
        """Commands that build a context and push the image."""
        raise NotImplementedError

    def pull(self, reference):
        """Commands that bring an image here and unpack it; None where the tool cannot."""
        return None

    def measure(self, commands):
        return measure.measure(commands, environment=self.environment, log=self.log, daemons=self.daemons)


class Slipway(Peer):
    name = "slipway"

    def __init__(self, work, binary):
        super().__init__(work)
        self.binary = binary
        self.environment["SLIPWAY_ROOT"] = os.path.join(work, "store")
        self.unpacking = os.path.join(work, "unpacking")

    def forget(self):
        shutil.rmtree(self.environment["SLIPWAY_ROOT"], ignore_errors=True)

    def build(self, context, reference):
        return [[self.binary, "build", context, "--tag", reference, "--push", "--progress", "quiet"]]

    def pull(self, reference):
        # A command needs all of the image's files.
        os.makedirs(self.unpacking, exist_ok=True)
        with open(os.path.join(self.unpacking, "Dockerfile"), "w", encoding="utf-8") as file:
            file.write(f'FROM {reference}\nRUN ["/bin/true"]\n')
        return [[self.binary, "build", self.unpacking, "--progress", "quiet"]]


class Buildah(Peer):
    name = "buildah"

    def __init__(self, work):
        super().__init__(work)
        self.base = ["buildah", "--root", f"{work}/root", "--runroot", f"{work}/run", "--storage-driver", "overlay"]

    def forget(self):
        for folder in ("root", "run"):
            path = os.path.join(self.work, folder)
            with open("/proc/self/mounts", encoding="utf-8") as mounts:
                mounted = [line.split()[1] for line in mounts if line.split()[1].startswith(path + "/")]
            for mount in sorted(mounted, reverse=True):
                subprocess.run(["umount", mount], check=False)
            shutil.rmtree(path, ignore_errors=True)

    def build(self, context, reference):
        options = ["--layers", "--isolation", "chroot", "--tls-verify=false", "--quiet"]
        return [
            [*self.base, "bud", *options, "--tag", reference, context],
            [*self.base, "push", "--quiet", "--tls-verify=false", reference],
        ]

    def pull(self, reference):
        return [[*self.base, "pull", "--quiet", "--tls-verify=false", reference]]


class Docker(Peer):
    """dockerd with its BuildKit."""

    name = "docker"

    def __init__(self, work):
        super().__init__(work)
        self.socket = f"unix://{work}/docker.sock"
        self.environment["DOCKER_BUILDKIT"] = "1"
        self.environment["DOCKER_CONFIG"] = f"{work}/config"
        # That of dockerd's package, whose BuildKit needs no plug-in.
        self.client = ["/usr/bin/docker", "-H", self.socket]
        self.process = None

    def start(self):
        with open(os.path.join(self.work, "daemon.log"), "ab") as log:
            self.process = subprocess.Popen(
                ["dockerd", "--iptables=false", "--bridge=none", "--log-level=error", "--data-root",
                 f"{self.work}/data", "--exec-root", f"{self.work}/exec", "--pidfile", f"{self.work}/pid", "--host",
                 self.socket], stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 60
        while subprocess.run([*self.client, "version"], capture_output=True, check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise measure.CommandFailed(f"dockerd does not start; see {self.work}/daemon.log")
            time.sleep(0.1)
        self.daemons = (self.process.pid, *_children(self.process.pid))

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
        shutil.rmtree(self.work, ignore_errors=True)

    def forget(self):
        for command in (["builder", "prune", "--all", "--force"], ["system", "prune", "--all", "--force", "--volumes"]):
            measure.run([*self.client, *command], environment=self.environment, log=self.log)

    def build(self, context, reference):
        return [
            [*self.client, "build", "--quiet", "--network", "host", "--tag", reference, context],
            [*self.client, "push", "--quiet", reference],
        ]

    def pull(self, reference):
        return [[*self.client, "pull", "--quiet", reference]]


class Umoci(Peer):
    """skopeo and umoci: they pull and unpack, and build nothing."""

    name = "skopeo + umoci"

    def forget(self):
        for folder in ("layout", "bundle"):
            shutil.rmtree(os.path.join(self.work, folder), ignore_errors=True)

    def build(self, context, reference):
        return None

    def pull(self, reference):
        return [
            ["skopeo", "copy", "--quiet", "--src-tls-verify=false", f"docker://{reference}",
             f"oci:{self.work}/layout:image"],
            ["umoci", "unpack", "--image", f"{self.work}/layout:image", f"{self.work}/bundle"],
        ]


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as children:
        return [int(child) for child in children.read().split()]
