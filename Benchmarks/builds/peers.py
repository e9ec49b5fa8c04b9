"""The tools that are compared: how each is started, asked to build, push and pull, and made to forget all."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

import measure


class Peer:
    """One tool with a store of its own. Commands are lists of arguments."""

    name = ""
    #: Whether it builds images, or moves them only.
    builds = True
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

    def discard(self, *names):
        """Puts what lies in the tool's folder out of its way until all is measured: ext4 is slow at making files where
        others were removed in the minutes before."""
        gone = tempfile.mkdtemp(prefix="gone-", dir=self.work)
        for name in names:
            if os.path.exists(f"{self.work}/{name}"):
                os.rename(f"{self.work}/{name}", f"{gone}/{name}")

    def version(self):
        """The tool and its version, in a few words."""
        return self.name

    def build(self, context, reference):
        """Commands that build a context and push the image; None where the tool cannot."""
        return None

    def hold(self, context, image):
        """Commands that put an image into the tool's store: built of a context, or that one of the registry."""
        return None

    def push(self, context, image, reference):
        """Commands that push what `hold` put there to another place; None where the tool cannot."""
        return None

    def fetch(self, image):
        """Commands that bring an image into the tool's store, without unpacking it; None where the tool cannot."""
        return None

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

    def version(self):
        return f"slipway {_said([self.binary, '--version'])}"

    def forget(self):
        self.discard("store")

    def build(self, context, reference):
        return [[self.binary, "build", context, "--tag", reference, "--push", "--progress", "quiet"]]

    def hold(self, context, image):
        return [[self.binary, "build", context, "--tag", image, "--progress", "quiet"]]

    def push(self, context, image, reference):
        return [[self.binary, "push", "--quiet", image, reference]]

    def fetch(self, image):
        return [[self.binary, "pull", "--quiet", image]]

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
        self.discard("root", "run")

    def version(self):
        return _said(["buildah", "--version"]).split(" (")[0]

    def build(self, context, reference):
        return [*self.hold(context, reference), *self.push(context, reference, reference)]

    def hold(self, context, image):
        options = ["--layers", "--isolation", "chroot", "--tls-verify=false", "--quiet"]
        return [[*self.base, "bud", *options, "--tag", image, context]]

    def push(self, context, image, reference):
        return [[*self.base, "push", "--quiet", "--tls-verify=false", image, reference]]

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
        # The client and the plug-in of dockerd's own package, which lie in the folders beside.
        prefix = os.path.dirname(os.path.dirname(shutil.which("dockerd") or "/usr/sbin/dockerd"))
        self.client = [f"{prefix}/bin/docker", "-H", self.socket]
        if os.path.exists(f"{prefix}/libexec/docker/cli-plugins"):
            os.makedirs(f"{work}/config")
            os.symlink(f"{prefix}/libexec/docker/cli-plugins", f"{work}/config/cli-plugins")
        self.process = None

    def version(self):
        return _said([*self.client, "--version"]).split(",")[0]

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

    def _end(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()

    def stop(self):
        self._end()
        shutil.rmtree(self.work, ignore_errors=True)

    def forget(self):
        self._end()
        self.discard("data", "exec")
        self.start()

    def build(self, context, reference):
        return [*self.hold(context, reference), [*self.client, "push", "--quiet", reference]]

    def hold(self, context, image):
        return [[*self.client, "build", "--quiet", "--network", "host", "--tag", image, context]]

    def push(self, context, image, reference):
        return [[*self.client, "tag", image, reference], [*self.client, "push", "--quiet", reference]]

    def pull(self, reference):
        return [[*self.client, "pull", "--quiet", reference]]


class Umoci(Peer):
    """skopeo and umoci: they move images and unpack them, and build nothing."""

    name = "skopeo + umoci"
    builds = False

    def version(self):
        return f"{_said(['skopeo', '--version'])}, {_said(['umoci', '--version'])}"

    def forget(self):
        self.discard("layout", "bundle")

    def hold(self, context, image):
        return self.fetch(image)

    def fetch(self, image):
        return [_to_layout(image, f"{self.work}/layout")]

    def push(self, context, image, reference):
        return [["skopeo", "copy", "--quiet", "--dest-tls-verify=false", f"oci:{self.work}/layout:image",
                 f"docker://{reference}"]]

    def pull(self, reference):
        return [
            _to_layout(reference, f"{self.work}/layout"),
            ["umoci", "unpack", "--image", f"{self.work}/layout:image", f"{self.work}/bundle"],
        ]


class Crane(Peer):
    """crane: puts a folder's files on a base in the registry, moves images, and builds nothing."""

    name = "crane"
    builds = False

    def forget(self):
        self.discard("held", "files")

    def build(self, context, reference):
        with open(os.path.join(context, "Dockerfile"), encoding="utf-8") as file:
            lines = [line.split() for line in file if line.strip()]
        if any(words[0] not in ("FROM", "COPY", "WORKDIR", "CMD") for words in lines) or len(lines) < 2:
            return None
        base = [] if lines[0][1] == "scratch" else ["--base", lines[0][1]]
        layer = f"{self.work}/layer.tar"
        return [
            ["tar", "-C", context, "-cf", layer, "."],
            ["crane", "append", "--insecure", *base, "--new_layer", layer, "--new_tag", reference],
        ]

    def hold(self, context, image):
        return self.fetch(image)

    def fetch(self, image):
        return [["crane", "pull", "--insecure", "--format=oci", image, f"{self.work}/held"]]

    def push(self, context, image, reference):
        return [["crane", "push", "--insecure", f"{self.work}/held", reference]]

    def pull(self, reference):
        files = f"{self.work}/files"
        command = f"set -o pipefail; mkdir -p {shlex.quote(files)}; crane export --insecure {shlex.quote(reference)} - | tar -xf - -C {shlex.quote(files)}"
        return [["bash", "-c", command]]


class Told(Peer):
    """A tool that somebody else has: its commands are texts in a file."""

    def __init__(self, work, name, texts):
        super().__init__(work)
        self.name = name
        self.texts = texts
        self.builds = "build" in texts

    def version(self):
        return _said(self._commands("version")[0]) if "version" in self.texts else self.name

    def forget(self):
        for command in self._commands("forget") or []:
            measure.run(command, environment=self.environment, log=self.log)

    def build(self, context, reference):
        return self._commands("build", context=context, reference=reference)

    def hold(self, context, image):
        return self._commands("hold", context=context, image=image)

    def push(self, context, image, reference):
        return self._commands("push", context=context, image=image, reference=reference)

    def pull(self, reference):
        return self._commands("pull", reference=reference)

    def _commands(self, verb, **values):
        texts = self.texts.get(verb)
        if texts is None:
            return None
        texts = [texts] if isinstance(texts, str) else texts
        return [[word.format(work=self.work, **values) for word in shlex.split(text)] for text in texts]


def _to_layout(reference, layout):
    return ["skopeo", "copy", "--quiet", "--src-tls-verify=false", f"docker://{reference}", f"oci:{layout}:image"]


def _said(command):
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as children:
        return [int(child) for child in children.read().split()]
