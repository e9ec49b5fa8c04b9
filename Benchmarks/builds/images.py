"""Base images: layers of plain tar and gzip, made by nobody that is measured."""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tarfile

import content


def _blob(layout, data):
    digest = hashlib.sha256(data).hexdigest()
    content.write(f"{layout}/blobs/sha256/{digest}", data)
    return f"sha256:{digest}", len(data)


def _layer(layout, folder, level):
    """The descriptor of a folder's files, and its diff ID."""
    path = os.path.join(layout, "layer")

    def of_root(entry):
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = ""
        return entry

    with tarfile.open(f"{path}.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(os.listdir(folder)):
            tar.add(os.path.join(folder, name), name, filter=of_root)
    with open(f"{path}.tar", "rb") as tar, open(f"{path}.gz", "wb") as packed:
        diff_id = hashlib.file_digest(tar, "sha256").hexdigest()
        tar.seek(0)
        with gzip.GzipFile("", "wb", level, packed, mtime=0) as out:
            shutil.copyfileobj(tar, out, 1 << 20)
    with open(f"{path}.gz", "rb") as packed:
        digest = hashlib.file_digest(packed, "sha256").hexdigest()
    size = os.path.getsize(f"{path}.gz")
    os.makedirs(f"{layout}/blobs/sha256", exist_ok=True)
    os.rename(f"{path}.gz", f"{layout}/blobs/sha256/{digest}")
    os.remove(f"{path}.tar")
    media_type = "application/vnd.oci.image.layer.v1.tar+gzip"
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}, f"sha256:{diff_id}"


def push(work, reference, folders, level=6):
    """Makes an image with a layer of each folder, and pushes it."""
    layout = os.path.join(work, "layout")
    os.makedirs(layout)
    layers = [_layer(layout, folder, level) for folder in folders]
    config = json.dumps({
        "architecture": _architecture(), "os": "linux", "config": {"Env": ["PATH=/usr/bin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]},
        "history": [{"created_by": os.path.basename(folder)} for folder in folders],
    }).encode()
    digest, size = _blob(layout, config)
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": size},
        "layers": [descriptor for descriptor, _ in layers],
    }).encode()
    digest, size = _blob(layout, manifest)
    entry = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": size,
        "annotations": {"org.opencontainers.image.ref.name": "image"},
    }
    content.write(f"{layout}/index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode())
    content.write(f"{layout}/oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    subprocess.run(
        ["skopeo", "copy", "--quiet", "--dest-tls-verify=false", f"oci:{layout}:image", f"docker://{reference}"],
        check=True)
    shutil.rmtree(layout)


def _architecture():
    return {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]


def busybox(folder):
    """A shell and its commands."""
    os.makedirs(f"{folder}/bin")
    shutil.copy("/bin/busybox", f"{folder}/bin/busybox")
    applets = subprocess.run(["/bin/busybox", "--list"], check=True, capture_output=True, text=True).stdout.split()
    for applet in applets:
        if applet != "busybox":
            os.symlink("busybox", f"{folder}/bin/{applet}")
    os.makedirs(f"{folder}/tmp")
    os.symlink("../bin", f"{folder}/usr-bin")
    content.write(f"{folder}/etc/passwd", b"root:x:0:0::/:/bin/sh\n")


def compiler(folder, packages):
    """tcc with its libraries, out of Debian's packages."""
    for package in packages:
        subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)


def download(folder, names):
    """Debian's packages of these names; returns their paths."""
    os.makedirs(folder)
    subprocess.run(["apt-get", "--quiet", "download", *names], cwd=folder, check=True, capture_output=True)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def push_all(work, registry):
    """The bases that the workloads begin with."""
    small, base, more = f"{work}/small", f"{work}/base", f"{work}/more"
    busybox(small)
    push(work, f"{registry}/base:small", [small])
    packages = download(f"{work}/packages", ["tcc", "libtcc-dev", "libc6", "libc6-dev", "linux-libc-dev"])
    compiler(f"{work}/compiler", packages)
    push(work, f"{registry}/base:compiler", [small, f"{work}/compiler"])
    content.tree(base, 120 * content.MIB)
    push(work, f"{registry}/base:120", [small, base])
    folders = [small]
    for number in range(4):
        content.tree(f"{more}{number}", 150 * content.MIB)
        # Layers are unpacked one over the other: each has its own folder.
        os.rename(f"{more}{number}/usr", f"{more}{number}/opt{number}")
        folders.append(f"{more}{number}")
    push(work, f"{registry}/base:600", folders)
    # The folders stay until all is measured: for minutes ext4 looks for new inodes among those of removed files, one by
    # one (recently_deleted in fs/ext4/ialloc.c), and whoever makes many files pays for it.
