"""What is built: contexts on disk, and the sequence of cases that each tool goes through with them."""

import os
import shutil
from dataclasses import dataclass, field
from typing import Callable

import content
import images
from registry import Registry

MIB = content.MIB


@dataclass
class Case:
    """One measured step: what happens before it, unmeasured, and the commands."""

    title: str
    #: Takes the peer; answers its commands, or None where it cannot.
    commands: Callable
    before: Callable = lambda peer: None
    after: Callable = lambda peer: None


@dataclass
class Workload:
    name: str
    rounds: int
    #: Writes contexts below a folder; takes the folder and the registry.
    prepare: Callable
    #: The cases of a round; takes the folder, the registry, a peer and a name that was not used before.
    cases: Callable
    #: Contexts that may be removed when the workload is done.
    folders: list = field(default_factory=list)


def _dockerfile(folder, text):
    content.write(f"{folder}/Dockerfile", text.encode())


def _build(context, reference):
    return lambda peer: peer.build(context, reference)


def _forget(peer):
    peer.forget()


def _then_build(context, reference):
    """Empties the store, and builds something else on the same base."""

    def before(peer):
        peer.forget()
        peer.measure(peer.build(context, reference))

    return before


# MARK: An application on a base


def _prepare_application(folder, registry):
    content.application(f"{folder}/app")
    _dockerfile(f"{folder}/app", f"FROM {registry}/base:120\nWORKDIR /srv\nCOPY . .\nCMD [\"/bin/sh\"]\n")
    content.write(f"{folder}/primer/hello", b"hello\n")
    _dockerfile(f"{folder}/primer", f"FROM {registry}/base:120\nCOPY hello /hello\n")


def _application_cases(folder, registry, peer, name):
    context = f"{folder}/app"

    def edit(_):
        content.write(f"{context}/src/pkg0/file0.js", f"// {name}\n".encode() * 1500)

    again = f"{registry}/{name}-again:1"
    return [
        Case("20 MB on 120 MB: nothing local", _build(context, f"{registry}/{name}-cold:1"), _forget),
        Case("… base present", _build(context, again), _then_build(f"{folder}/primer", f"{registry}/{name}-primer:1")),
        Case("… nothing changed", _build(context, again)),
        Case("… one file changed", _build(context, again), edit),
    ]


# MARK: Commands


def _prepare_runs(folder, registry):
    lines = [f"FROM {registry}/base:small"] + [f"RUN true # {number}" for number in range(20)]
    _dockerfile(f"{folder}/runs", "\n".join(lines) + "\n")
    content.write(f"{folder}/primer/hello", b"hello\n")
    _dockerfile(f"{folder}/primer", f"FROM {registry}/base:small\nCOPY hello /hello\n")


def _run_cases(folder, registry, peer, name):
    return [
        Case(
            "20 × RUN true", _build(f"{folder}/runs", f"{registry}/{name}:1"),
            _then_build(f"{folder}/primer", f"{registry}/{name}-primer:1"))
    ]


def _prepare_stages(folder, registry):
    context = f"{folder}/stages"
    content.write(f"{context}/main.c", b'#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n')
    for number in range(40):
        content.write(f"{context}/lib/part{number}.c", f"int part{number}(void) {{ return {number}; }}\n".encode())
    steps = "\n".join(f"RUN mkdir -p /work/out{number} && echo {number} >/work/out{number}/value" for number in range(7))
    _dockerfile(context, f"""FROM {registry}/base:compiler AS build
{steps}
COPY lib /src/lib
RUN cd /src/lib && for file in *.c; do tcc -c $file; done
COPY main.c /src/
RUN tcc -o /src/hello /src/main.c
FROM {registry}/base:small
COPY --from=build /src/hello /usr/bin/hello
RUN test -x /usr/bin/hello
""")


def _stage_cases(folder, registry, peer, name):
    context = f"{folder}/stages"
    reference = f"{registry}/{name}:1"

    def edit(_):
        content.write(
            f"{context}/main.c",
            f'#include <stdio.h>\nint main(void) {{ puts("{name}"); return 0; }}\n'.encode())

    return [
        Case("two stages, 10 RUNs, a compiler: cold", _build(context, reference), _forget),
        Case("… nothing changed", _build(context, reference)),
        Case("… one file changed", _build(context, reference), edit),
    ]


# MARK: Sizes


def _prepare_small_files(folder, registry):
    content.small_files(f"{folder}/small-files")
    _dockerfile(f"{folder}/small-files", "FROM scratch\nCOPY files /files\n")


def _prepare_large(folder, registry):
    content.large_file(f"{folder}/large")
    _dockerfile(f"{folder}/large", "FROM scratch\nCOPY large.bin /\n")


def _copy_cases(title, context_name, repeats):
    def cases(folder, registry, peer, name):
        context, reference = f"{folder}/{context_name}", f"{registry}/{name}:1"
        first = Case(title, _build(context, reference), _forget)
        return [first, Case("… nothing changed", _build(context, reference))] if repeats else [first]

    return cases


def _prepare_nothing(folder, registry):
    """What is pulled is among the base images."""


def _prepare_push(folder, registry):
    content.tree(f"{folder}/push/files", 200 * MIB)
    _dockerfile(f"{folder}/push", "FROM scratch\nCOPY files /\n")
    images.push(f"{folder}/push-image", f"{registry}/push:1", [f"{folder}/push/files"])


def _push_cases(folder, registry, peer, name):
    """To a registry that is empty, so that no tool finds there what it pushed before."""
    context, image = f"{folder}/push", f"{registry}/push:1"
    empty = Registry(f"{folder}/empty-registry")

    def hold(peer):
        peer.forget()
        peer.measure(peer.hold(context, image))
        empty.start()

    # The address is known when the registry runs.
    return [
        Case(
            "push of 200 MB that were built before", lambda peer: peer.push(context, image, f"{empty.address}/{name}:1"),
            hold, lambda peer: empty.stop())
    ]


TRANSFERS = {"1gb": "1 GB in 4 layers", "200": "200 layers of 40 KB"}


def _prepare_transfer(folder, registry):
    """What does not shrink, so that bytes are moved and nothing else is done."""
    kinds = {"1gb": (4, 4, 64 * MIB), "200": (200, 1, 40_000)}
    for kind, (layers, files, size) in kinds.items():
        folders = []
        for layer in range(layers):
            folders.append(f"{folder}/transfer/{kind}/{layer}")
            for file in range(files):
                content.write(f"{folders[-1]}/f{layer}-{file}", content.noise((kind, layer, file), size))
        images.push(f"{folder}/transfer-image", f"{registry}/transfer:{kind}", folders, level=1)


def _transfer_cases(folder, registry, peer, name):
    empty = Registry(f"{folder}/empty-registry")

    def hold(kind):
        def before(peer):
            peer.forget()
            commands = peer.fetch(f"{registry}/transfer:{kind}")
            if commands:
                peer.measure(commands)
            empty.start()

        return before

    def push(kind):
        # Builders have not fetched it.
        return lambda peer: peer.fetch("") and peer.push("", f"{registry}/transfer:{kind}", f"{empty.address}/{name}:1")

    for kind, text in TRANSFERS.items():
        yield Case(f"pull of {text}", lambda peer, kind=kind: peer.fetch(f"{registry}/transfer:{kind}"), _forget)
        yield Case(f"push of {text}", push(kind), hold(kind), lambda peer: empty.stop())


def _pull_cases(folder, registry, peer, name):
    return [Case("pull and unpack 600 MB", lambda peer: peer.pull(f"{registry}/base:600"), _forget)]


ALL = [
    Workload("application", 5, _prepare_application, _application_cases, ["app", "primer"]),
    Workload("runs", 5, _prepare_runs, _run_cases, ["runs", "primer"]),
    Workload("stages", 5, _prepare_stages, _stage_cases, ["stages"]),
    Workload(
        "small-files", 3, _prepare_small_files,
        _copy_cases("COPY of 50,000 files, 220 MB", "small-files", False), ["small-files"]),
    Workload("large", 3, _prepare_large, _copy_cases("COPY of 1 GB, half noise", "large", True), ["large"]),
    Workload("push", 3, _prepare_push, _push_cases, ["push", "push-image"]),
    Workload("transfer", 3, _prepare_transfer, _transfer_cases, ["transfer", "transfer-image"]),
    Workload("pull", 3, _prepare_nothing, _pull_cases),
]


def clean(folder, workload):
    for name in workload.folders:
        shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
