#!/usr/bin/env python3
"""A whole deploy plugin: writes which image says which greeting into a file."""
import json
import pathlib
import sys

DESCRIPTION = {
    "name": "hello", "version": "1", "summary": "Says hello by a file.", "protocols": [1], "credentials": [],
    "operations": ["describe", "plan", "apply", "status", "rollback"],
    "configSchema": {
        "type": "object", "additionalProperties": False, "required": ["file"],
        "properties": {
            "file": {"type": "string", "description": "The file."},
            "greeting": {"type": "string", "default": "Hello"},
        },
    },
}


def say(type, **members):
    print(json.dumps({"type": type, **members}), flush=True)


def fail(code, message, hint, **more):
    say("error", error={"code": code, "message": message, "hint": hint, "category": "config", **more})
    sys.exit(1)


class Hello:
    def __init__(self, request):
        config = request["config"]
        self.plan_state = (request.get("plan") or {}).get("state", {})
        self.file = pathlib.Path(config["file"])
        self.before = pathlib.Path(config["file"] + ".before")
        images = [image["reference"] for image in request["images"].values()] or ["nothing"]
        self.old = self.file.read_text() if self.file.exists() else ""
        self.new = f"{config.get('greeting', 'Hello')} from {images[0]}"

    def changes(self):
        if self.old == self.new:
            return []
        return [{"action": "write", "target": str(self.file), "before": self.old, "after": self.new}]

    def report(self, state, words, changes=()):
        outputs = {"file": str(self.file)}
        return {"state": state, "summary": words, "changes": list(changes), "outputs": outputs}

    def plan(self):
        return {"summary": "say hello", "changes": self.changes(), "state": {"text": self.new}}

    def apply(self):
        text, changes = self.plan_state["text"], self.changes()
        if self.old != text:
            self.before.write_text(self.old)
            self.file.write_text(text)
        say("progress", step="write", state="done")
        return self.report("succeeded", f"it says: {text}", changes)

    def status(self):
        return self.report("in-progress" if self.changes() else "succeeded", f"it says: {self.old}")

    def rollback(self):
        if not self.before.exists():
            fail("nothing-before", "there is nothing to go back to", "deploy first", path="/file")
        self.file.write_text(self.before.read_text())
        return self.report("succeeded", f"it says again: {self.file.read_text()}")


def main(operation):
    if operation == "describe":
        return say("result", result=DESCRIPTION)
    if operation not in DESCRIPTION["operations"]:
        fail("unknown-operation", f'"{operation}" is no operation', "plan, apply, status, rollback")
    try:
        request = json.load(sys.stdin)
        assert request["protocol"] == 1
    except (ValueError, KeyError, TypeError, AssertionError):
        fail("invalid-request", "this is no request of protocol 1", "run it by slipway deploy")
    say("result", result=getattr(Hello(request), operation)())


main(sys.argv[1] if len(sys.argv) > 1 else "")
