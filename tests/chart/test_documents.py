"""What the documents tell users of Kubernetes: manifests that it takes, values that the chart takes, names that there are."""

import re
import unittest

import yaml
from cloudcoil.models.istio.security import v1 as istio_security

from chart import (
    OLDEST_AND_NEWEST,
    ROOT,
    custom_resource,
    is_of_kubernetes,
    jotgate_check,
    objects,
    of_kind,
    only,
    render,
    validate,
)

DOCUMENTS = [ROOT / "docs" / "kubernetes.md", *sorted((ROOT / "docs" / "gateways").glob("*.md"))]
# Custom resources of which no schema is to be had here. They were looked at with those of the projects; what a test
# can hold is that their kinds are these, and that they lead to jotgate.
WITHOUT_SCHEMA = {
    ("cert-manager.io/v1", "Certificate"),
    ("gateway.networking.k8s.io/v1", "BackendTLSPolicy"),
    ("gateway.envoyproxy.io/v1alpha1", "SecurityPolicy"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("gateway.networking.k8s.io/v1beta1", "ReferenceGrant"),
    ("projectcontour.io/v1", "HTTPProxy"),
    ("projectcontour.io/v1alpha1", "ExtensionService"),
    ("traefik.io/v1alpha1", "IngressRoute"),
    ("traefik.io/v1alpha1", "Middleware"),
}


def blocks(info):
    """The blocks of the documents that are marked so, with their places."""
    fence = re.compile(rf"^```{info}\n(.*?)^```$", re.S | re.M)
    for document in DOCUMENTS:
        text = document.read_text()
        for block in fence.finditer(text):
            yield f"{document.name}:{text.count(chr(10), 0, block.start()) + 1}", block[1]


def manifests():
    """The objects of the manifests, with their places."""
    for place, block in blocks("yaml kubernetes"):
        for one in yaml.safe_load_all(block):
            yield place, one


def references(document):
    """Everything within a document that says where jotgate is: name of the Service, namespace, port."""
    if isinstance(document, dict):
        if str(document.get("name", "")).startswith("jotgate") and "port" in document:
            yield document["name"], document.get("namespace"), document["port"]
        document = list(document.values())
    if isinstance(document, list):
        for one in document:
            yield from references(one)
    elif isinstance(document, str):
        for name, namespace, port in re.findall(r"//([\w-]+)\.([\w-]+)\.svc[\w.]*:(\d+)", document):
            yield name, namespace, int(port)


class Manifests(unittest.TestCase):
    def test_every_manifest_is_one_that_its_kind_allows(self):
        found = list(manifests())
        self.assertGreater(len(found), 10)
        for place, one in found:
            with self.subTest(place, kind=one["kind"]):
                self.assertTrue(one["metadata"]["name"])
                self.assertTrue(one["metadata"]["namespace"])
                if is_of_kubernetes(one):
                    validate(one, OLDEST_AND_NEWEST)
                elif one["kind"] == "AuthorizationPolicy":
                    custom_resource(one, istio_security)
                else:
                    self.assertIn((one["apiVersion"], one["kind"]), WITHOUT_SCHEMA)
                    self.assertLessEqual(set(one), {"apiVersion", "kind", "metadata", "spec"})

    def test_every_gateway_is_led_to_a_port_of_the_chart(self):
        services = {}
        for service in of_kind("Service", namespace="jotgate"):
            for port in service["spec"]["ports"]:
                metadata = service["metadata"]
                services[metadata["name"], metadata["namespace"], port["port"]] = port["name"]
        led = {}
        for place, one in manifests():
            for name, namespace, port in references(one):
                where = (name, namespace or one["metadata"]["namespace"], port)
                with self.subTest(place):
                    self.assertIn(where, services)
                    led.setdefault(place.partition(":")[0], set()).add(services[where])
        for place, block in blocks("yaml istiod"):
            for provider in yaml.safe_load(block)["meshConfig"]["extensionProviders"]:
                one = provider["envoyExtAuthzGrpc"]
                known = {"service", "port", "timeout", "failOpen", "statusOnError"}
                self.assertLessEqual(set(one), known)
                name, namespace, _ = one["service"].split(".", 2)
                led.setdefault(place.partition(":")[0], set()).add(
                    services[name, namespace, one["port"]]
                )
        self.assertEqual(
            led,
            {
                "contour.md": {"grpc"},
                "envoy-gateway.md": {"grpc"},
                "gateway-api.md": {"grpc", "http"},
                "ingress-nginx.md": {"http"},
                "istio.md": {"grpc"},
                "traefik.md": {"http"},
            },
        )

    def test_nobody_is_told_to_let_requests_pass_without_an_answer(self):
        def walk(document):
            if isinstance(document, dict):
                for key, value in document.items():
                    yield key, value
                    yield from walk(value)
            elif isinstance(document, list):
                for one in document:
                    yield from walk(one)

        everything = [one for _, one in manifests()]
        everything += [yaml.safe_load(block) for _, block in blocks("yaml istiod")]
        told = [value for key, value in walk(everything) if key == "failOpen"]
        self.assertGreaterEqual(len(told), 4)
        self.assertNotIn(True, told)

    def test_rules_that_a_gateway_names_are_in_the_configuration_beside_it(self):
        for document in DOCUMENTS:
            text = document.read_text()
            named = re.findall(r"jotgate\.rule: (\w+)", text)
            named += re.findall(r"name: jotgate\.rule\n +type: Value\n +value: (\w+)", text)
            for name in named:
                self.assertIn(f"  - name: {name}\n", text, document.name)

    def test_headers_that_a_gateway_takes_over_are_those_that_are_set(self):
        for name in ("traefik.md", "ingress-nginx.md"):
            text = (ROOT / "docs" / "gateways" / name).read_text()
            taken = re.search(r"[rR]esponse-?[hH]eaders: \[?([\w, -]+)", text)[1].lower()
            [config] = [yaml.safe_load(b) for p, b in blocks("yaml jotgate") if p.startswith(name)]
            self.assertEqual(set(re.split(", ?", taken)), set(config["forward"]["headers"]))


class Values(unittest.TestCase):
    def test_the_chart_kubernetes_and_jotgate_take_every_set_of_values(self):
        found = list(blocks("yaml values"))
        self.assertGreater(len(found), 5)
        for place, block in found:
            values = yaml.safe_load(block)
            for one in objects(values):
                with self.subTest(place, kind=one["kind"]):
                    if is_of_kubernetes(one):
                        validate(one, OLDEST_AND_NEWEST)
            with self.subTest(place):
                result = jotgate_check(values)
                self.assertEqual(result.returncode, 0, result.stderr)

    def test_the_chart_takes_every_configuration(self):
        for place, block in blocks("yaml jotgate"):
            with self.subTest(place):
                self.assertTrue(render({"config": block}))

    def test_every_alert_is_explained(self):
        text = (ROOT / "docs" / "kubernetes.md").read_text()
        rows = dict(re.findall(r"^\| (Jotgate\w+) \| (\w+) \|", text, re.M))
        rules = only("PrometheusRule", {"prometheusRule": {"enabled": True}})["spec"]["groups"][0]
        alerts = {rule["alert"]: rule["labels"]["severity"] for rule in rules["rules"]}
        self.assertEqual(rows, alerts)
