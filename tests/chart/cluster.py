"""As much of a cluster as Helm 3 has to see before it says what it would do there: a version, and kinds of objects."""

import contextlib
import functools
import http.server
import json
import threading

from chart import KUBERNETES, objects, value_sets


@contextlib.contextmanager
def cluster():
    """The address of a Kubernetes that knows all that the chart can make. It takes nothing: every other request, and
    with it every try to install something, gets no answer that Helm could go on with."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    """Discovery, as <https://kubernetes.io/docs/reference/using-api/api-concepts/> has it before it was aggregated."""

    def do_GET(self):
        answer = discovery().get(self.path.partition("?")[0])
        body = json.dumps(answer or {"kind": "Status", "status": "Failure", "code": 404}).encode()
        self.send_response(200 if answer else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Nothing: what went wrong Helm tells."""


@functools.cache
def discovery():
    """What is answered, by its path."""
    kinds = {(one["apiVersion"], one["kind"]) for values in value_sets().values() for one in objects(values)}
    versions = {version for version, _ in kinds}
    groups = [
        {
            "name": version.partition("/")[0],
            "versions": [{"groupVersion": version, "version": version.partition("/")[2]}],
        }
        for version in sorted(versions)
        if "/" in version
    ]
    answers = {
        "/version": {"gitVersion": f"v{KUBERNETES[-1]}"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "groups": groups},
    }
    for version in versions:
        answers[f"/apis/{version}" if "/" in version else f"/api/{version}"] = {
            "kind": "APIResourceList",
            "groupVersion": version,
            "resources": [
                {"name": f"{kind.lower()}s", "kind": kind, "namespaced": True, "verbs": ["get"]}
                for of, kind in sorted(kinds)
                if of == version
            ],
        }
    return answers
