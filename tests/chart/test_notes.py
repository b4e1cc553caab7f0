"""The notes that an installation prints: what they tell Envoy, Envoy takes."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import yaml

from chart import CHART, certificate, render, value_sets
from cluster import cluster
from helm import documents, helm3, of_templates

ENVOY = os.environ.get("JOTGATE_TEST_ENVOY") or shutil.which("envoy")
ROUTER = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}
TLS = """\
server:
  grpc:
    listen: 0.0.0.0:9191
    tls: {{ cert_file: /secrets/jotgate-tls/tls.crt, key_file: /secrets/jotgate-tls/tls.key{client_ca} }}
  admin: {{ listen: "0.0.0.0:9193" }}
"""


def snippet(values):
    """What the notes print for Envoy, from the first line of it to the end."""
    notes = render(values)["NOTES.txt"]
    return yaml.safe_load(notes[notes.index("http_filters:") :])


def bootstrap(fragment):
    """A whole configuration of Envoy around it."""
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network."
        "http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "front",
        "http_filters": fragment["http_filters"] + [ROUTER],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}],
                }
            ]
        },
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    return {
        "static_resources": {
            "listeners": [{"name": "front", "address": address, "filter_chains": [chain]}],
            "clusters": fragment["clusters"],
        }
    }


class Notes(unittest.TestCase):
    def accept(self, fragment):
        if not ENVOY:
            self.fail("Envoy is missing: scripts/test install gets it")
        with tempfile.TemporaryDirectory() as directory:
            certificate(pathlib.Path(directory))
            shutil.copy(pathlib.Path(directory, "tls.crt"), pathlib.Path(directory, "ca.crt"))
            text = yaml.safe_dump(bootstrap(fragment)).replace("/etc/envoy/tls/", f"{directory}/")
            path = pathlib.Path(directory, "envoy.yaml")
            path.write_text(text)
            result = subprocess.run(
                [ENVOY, "--mode", "validate", "--log-level", "error", "--config-path", path],
                capture_output=True,
                text=True,
            )
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_envoy_takes_what_they_print_for_every_value_set(self):
        for name, values in value_sets().items():
            with self.subTest(name):
                self.accept(snippet(values))

    def test_envoy_takes_what_they_print_for_tls_and_mtls(self):
        for client_ca in ("", ", client_ca_file: /secrets/jotgate-tls/ca.crt"):
            with self.subTest(client_ca):
                fragment = snippet({"config": TLS.format(client_ca=client_ca)})
                [cluster] = fragment["clusters"]
                context = cluster["transport_socket"]["typed_config"]["common_tls_context"]
                self.assertEqual("tls_certificates" in context, bool(client_ca))
                self.accept(fragment)

    def test_they_lead_to_where_jotgate_listens(self):
        def endpoint(values):
            [cluster] = snippet(values)["clusters"]
            [locality] = cluster["load_assignment"]["endpoints"]
            [one] = locality["lb_endpoints"]
            return one["endpoint"]["address"]

        address = endpoint({})["socket_address"]
        self.assertEqual(address["address"], "jotgate-headless.gates.svc.cluster.local")
        self.assertEqual(address["port_value"], 9191)
        address = endpoint(value_sets()["full"])["socket_address"]
        self.assertEqual(address["address"], "gate-headless.gates.svc.cluster.local")
        self.assertEqual(address["port_value"], 19191)
        socket = endpoint(value_sets()["sidecar"])["pipe"]["path"]
        self.assertEqual(socket, "/run/jotgate/grpc.sock")

    def test_they_never_let_a_request_pass_without_an_answer(self):
        for name, values in value_sets().items():
            with self.subTest(name):
                [authorization] = snippet(values)["http_filters"]
                self.assertIs(authorization["typed_config"]["failure_mode_allow"], False)

    def test_helm_3_prints_the_same_when_it_is_about_to_install_and_would_install_the_same(self):
        tls = {"config": TLS.format(client_ca=", client_ca_file: /secrets/jotgate-tls/ca.crt")}
        with cluster() as address:
            # Our objects are looked at with the schemas of Kubernetes elsewhere; this cluster has none.
            dry = ["--dry-run=client", "--disable-openapi-validation", "--output", "json"]
            where = ["--kube-apiserver", address, "--namespace", "gates"]
            for name, values in (value_sets() | {"mtls": tls}).items():
                with self.subTest(name):
                    result = helm3("install", "jotgate", CHART, *dry, *where, values=values)
                    self.assertEqual(result.returncode, 0, result.stderr)
                    release = json.loads(result.stdout)
                    texts = render(values)
                    self.assertEqual(release["info"]["notes"].strip(), texts.pop("NOTES.txt"))
                    self.assertEqual(
                        of_templates(release["manifest"]),
                        {template: documents(text) for template, text in texts.items()},
                    )
                    self.assertNotIn("hooks", release)
