"""What is refused, and that values, schema, templates and README speak of the same things."""

import json
import re
import runpy
import unittest

import yaml

from chart import CHART, ROOT, objects
from helm import Refused, helm3, render_with_helm4

README = runpy.run_path(str(ROOT / "scripts" / "chart-readme"))
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
# What the schema knows beside the values: Helm hands it to every chart that is part of another.
OF_HELM = {"global"}
ADMIN = "server:\n  admin: { listen: '0.0.0.0:9193' }\n"
# What does not go together, and what the refusal has to say.
REFUSALS = [
    ({"config": "issuers: {}"}, 'set it to "0.0.0.0:9193"'),
    ({"config": "server: { admin: { listen: 'unix:///a/b' } }"}, 'set it to "0.0.0.0:9193"'),
    ({"config": "server: { admin: { listen: '[::1]:1' } }"}, 'set it to "0.0.0.0:9193"'),
    ({"config": "server: { admin: { listen: 'localhost:9193' } }"}, 'set it to "0.0.0.0:9193"'),
    ({"config": "server: { admin: { listen: '0.0.0.0:1', tls: { cert_file: a } } }"}, "tls"),
    ({"config": "no mapping"}, "not a YAML mapping"),
    ({"config": ADMIN + "  grpc: { listen: '0.0.0.0:0' }"}, "server.grpc.listen"),
    ({"config": ADMIN + "  grpc: { listen: 'unix:///run/a/b' }"}, "socketVolume"),
    ({"terminationGracePeriodSeconds": 24}, "terminationGracePeriodSeconds is 24"),
    ({"sidecar": {"enabled": True}}, "sidecar.containers"),
    ({"sidecar": {"containers": [{"name": "a"}]}}, "sidecar.enabled"),
    ({"persistence": {"enabled": True}, "replicaCount": 1}, "server.state_dir"),
    ({"config": ADMIN + "  state_dir: /s", "persistence": {"enabled": True}}, "replicaCount"),
    ({"kind": "DaemonSet", "autoscaling": {"enabled": True}}, "DaemonSet"),
    ({"resources": {"requests": None}, "autoscaling": {"enabled": True}}, "requests.cpu"),
    (
        {
            "resources": {"requests": {"memory": None}},
            "autoscaling": {"enabled": True, "targetMemoryUtilizationPercentage": 80},
        },
        "requests.memory",
    ),
    ({"autoscaling": {"enabled": True, "minReplicas": 11}}, "minReplicas"),
    (
        {"autoscaling": {"enabled": True, "targetCPUUtilizationPercentage": None}},
        "something to scale by",
    ),
    ({"podDisruptionBudget": {"minAvailable": 0, "maxUnavailable": 0}}, "not both"),
    ({"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}, "enable one"),
]


def properties(schema):
    """The properties of a part of the schema, references followed."""
    if "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]]
    return schema.get("properties") if schema.get("additionalProperties") is False else None


def together(paths):
    """Values with something at each of these places."""
    values = {}
    for *above, key in paths:
        place = values
        for one in above:
            place = place.setdefault(one, {})
        place[key] = "typo"
    return values


class Typos(unittest.TestCase):
    def test_every_key_of_the_values_with_a_letter_more_is_refused(self):
        def typos(values, path=()):
            for key, value in values.items():
                yield path + (key + "x",)
                if isinstance(value, dict) and properties_at(path + (key,)) is not None:
                    yield from typos(value, path + (key,))

        def properties_at(path):
            schema = SCHEMA
            for key in path:
                schema = properties(schema)[key]
            return properties(schema)

        defaults = yaml.safe_load((CHART / "values.yaml").read_text())
        tried = list(typos(defaults))
        self.assertGreater(len(tried), 100)
        for path in tried:
            values = "typo"
            for key in reversed(path):
                values = {key: values}
            with self.subTest(path):
                _, refusal = render_with_helm4(CHART, values, "jotgate", "gates")
                self.assertIn(path[-1], refusal or "")
        # Helm 3 names all that it refuses, so that one process does for all.
        result = helm3("template", "jotgate", CHART, values=together(tried))
        self.assertEqual(result.returncode, 1)
        for *above, typo in tried:
            with self.subTest(above, typo=typo):
                place = ".".join(above) or "(root)"
                self.assertIn(f"- {place}: Additional property {typo} is not allowed\n", result.stderr)

    def test_values_of_the_wrong_kind_are_refused(self):
        for values, named in [
            ({"config": {"issuers": {}}}, "config"),
            ({"config": ""}, "config"),
            ({"replicaCount": "2"}, "replicaCount"),
            ({"replicaCount": -1}, "replicaCount"),
            ({"kind": "StatefulSet"}, "kind"),
            ({"image": {"digest": "0123"}}, "digest"),
            ({"existingSecrets": ["a"]}, "existingSecrets"),
            ({"existingSecrets": [{"name": "a", "path": "/b"}]}, "path"),
            ({"existingSecrets": [{"name": "a", "mountPath": "relative"}]}, "mountPath"),
            ({"podDisruptionBudget": {"minAvailable": "half"}}, "minAvailable"),
            ({"networkPolicy": {"gateways": [{}]}}, "gateways"),
            ({"networkPolicy": {"gateways": [{"podSelectors": {}}]}}, "podSelectors"),
            ({"networkPolicy": {"issuerPorts": [0]}}, "issuerPorts"),
            ({"serviceMonitor": {"interval": "15"}}, "interval"),
            ({"prometheusRule": {"disabled": ["JotgateUp"]}}, "disabled"),
            ({"livenessProbe": {"httpGet": {}}}, "httpGet"),
            ({"livenessProbe": {"periodSeconds": 0}}, "periodSeconds"),
            ({"socketVolume": {"name": "a"}}, "socketVolume"),
            ({"podLabels": {"a": 1}}, "podLabels"),
            ({"topologySpreadConstraints": [{"maxSkew": 1}]}, "topologySpreadConstraints"),
        ]:
            with self.subTest(values):
                with self.assertRaises(Refused) as refused:
                    objects(values)
                for message in refused.exception.args:
                    self.assertIn(named, message)


class Refusals(unittest.TestCase):
    def test_what_does_not_go_together_is_refused_with_the_remedy(self):
        for values, remedy in REFUSALS:
            with self.subTest(values):
                with self.assertRaises(Refused) as refused:
                    objects(values)
                for message in refused.exception.args:
                    self.assertIn(remedy, message)

    def test_every_refusal_of_the_templates_is_tried(self):
        sources = [p.read_text() for p in (CHART / "templates").iterdir()]
        # One of them cannot be had: the alerts are YAML for any values.
        refusals = sum(source.count("fail ") for source in sources) - 1
        self.assertGreaterEqual(len(REFUSALS), refusals)


class Parity(unittest.TestCase):
    def test_schema_and_values_know_the_same_keys(self):
        def compare(known, values, place):
            commented = set(COMMENTED.get(place, []))
            self.assertEqual(set(known) - OF_HELM, set(values) | commented, place)
            for key, value in values.items():
                below = properties(known[key])
                if below is not None and isinstance(value, dict) and key not in FREE:
                    compare(below, value, f"{place}{key}.")

        # Keys whose absence means something stand in the values as comments.
        COMMENTED = {
            "": ["terminationGracePeriodSeconds"],
            "autoscaling.": ["targetMemoryUtilizationPercentage"],
            "podDisruptionBudget.": ["minAvailable", "maxUnavailable"],
            "persistence.": ["storageClass"],
        }
        # Settings of Kubernetes, of which the values have those that matter.
        FREE = {"resources", "startupProbe", "livenessProbe", "readinessProbe"}
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        compare(SCHEMA["properties"], values, "")

    def test_every_value_is_used_by_a_template(self):
        templates = "".join(p.read_text() for p in (CHART / "templates").iterdir())
        for path in documented():
            *above, key = path.split(".")
            used = f".Values.{path}" in templates or above and re.search(rf"\.{key}\b", templates)
            self.assertTrue(used, path)

    def test_the_readme_is_that_of_the_values(self):
        readme = (CHART / "README.md").read_text()
        for path in documented():
            self.assertIn(f"| `{path}` |", readme)
        self.assertIn(README["tables"](), readme, "scripts/chart-readme writes it anew")

    def test_chart_and_program_have_the_same_version(self):
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        cargo = (ROOT / "Cargo.toml").read_text()
        version = re.search(r'^version = "(.*)"', cargo, re.M)[1]
        self.assertEqual((chart["version"], chart["appVersion"]), (version, version))


def documented():
    """The paths of everything that has a description in the values."""
    return [path for _, rows in README["sections"]() for path, _, _ in rows]
