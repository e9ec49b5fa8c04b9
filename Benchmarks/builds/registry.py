"""The registry that images are pushed to and pulled from."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.request


class Registry:
    """Debian's docker-registry on a free port of the loopback interface, with a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self._process = None

    def start(self):
        os.makedirs(self.folder)
        config = os.path.join(self.folder, "config.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(
                f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
                f"storage: {{filesystem: {{rootdirectory: {self.folder}/content}}}}\nhttp: {{addr: '{self.address}'}}\n")
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self._process = subprocess.Popen(["docker-registry", "serve", config], stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://{self.address}/v2/", timeout=5).close()
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"docker-registry does not start; see {self.folder}/log")
            time.sleep(0.05)

    def stop(self):
        """Ends it, and removes what it holds."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *failure):
        self.stop()
