"""What the chart makes of values: valid for Kubernetes, accepted by jotgate, and as it was."""

import os
import pathlib
import re
import shutil
import tempfile
import unittest

import helm_python
from cloudcoil.models.prometheus_operator import v1 as prometheus_operator

from chart import (
    CHART,
    GOLDEN,
    OLDEST_AND_NEWEST,
    ROOT,
    custom_resource,
    is_of_kubernetes,
    jotgate_check,
    objects,
    render,
    validate,
    value_sets,
)
from helm import Refused, helm3, render_with_both, versions


class Rendering(unittest.TestCase):
    def test_the_chart_pleases_helm_lint_in_its_strict_mode(self):
        for name, values in value_sets().items():
            for version in OLDEST_AND_NEWEST:
                with self.subTest(values=name, kubernetes=version):
                    report = helm_python.lint(
                        CHART, values, strict=True, kube_version=f"v{version}", namespace="gates"
                    )
                    self.assertEqual(report["errors"], [])
                    worse_than_advice = [m for m in report["messages"] if m["severity"] > 1]
                    self.assertEqual(worse_than_advice, [])
                    target = ["--kube-version", f"v{version}", "--namespace", "gates"]
                    result = helm3("lint", CHART, "--strict", *target, values=values)
                    self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                    self.assertNotRegex(result.stdout, r"\[(?!INFO\])", "worse than advice")
                    self.assertIn("1 chart(s) linted", result.stdout)

    def test_the_defaults_render_as_they_did(self):
        texts = [f"# {name}\n{text}\n" for name, text in render().items()]
        rendered = "---\n".join(texts)
        path = GOLDEN / "defaults.yaml"
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(rendered)
        self.assertEqual(rendered, path.read_text(), "UPDATE_GOLDEN=1 writes it anew")

    def test_every_object_of_every_value_set_is_valid_in_every_kubernetes(self):
        for name, values in value_sets().items():
            for one in objects(values):
                with self.subTest(values=name, kind=one["kind"], name=one["metadata"]["name"]):
                    if is_of_kubernetes(one):
                        validate(one)
                    else:
                        custom_resource(one, prometheus_operator)

    def test_a_field_that_kubernetes_does_not_know_would_be_found(self):
        [deployment] = [one for one in objects() if one["kind"] == "Deployment"]
        deployment["spec"]["template"]["spec"]["restartPolicies"] = "Always"
        with self.assertRaisesRegex(Exception, "restartPolicies"):
            validate(deployment)
        [rule] = [
            one
            for one in objects({"prometheusRule": {"enabled": True}})
            if one["kind"] == "PrometheusRule"
        ]
        rule["spec"]["groups"][0]["rules"][0]["fore"] = "5m"
        with self.assertRaisesRegex(AssertionError, "fore"):
            custom_resource(rule, prometheus_operator)

    def test_jotgate_accepts_the_configuration_of_every_value_set(self):
        for name, values in value_sets().items():
            with self.subTest(values=name):
                result = jotgate_check(values)
                self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_bad_configuration_would_be_found(self):
        config = value_sets()["minimal"]["config"].replace("audiences", "audience")
        result = jotgate_check({"config": config})
        self.assertEqual(result.returncode, 64)
        self.assertIn("issuers.corp.audience", result.stderr)

    def test_every_object_has_name_namespace_and_labels(self):
        for name, values in value_sets().items():
            for one in objects(values):
                with self.subTest(values=name, kind=one["kind"]):
                    metadata = one["metadata"]
                    self.assertEqual(metadata["namespace"], "gates")
                    self.assertLessEqual(len(metadata["name"]), 63)
                    for label in ("name", "instance", "version", "managed-by"):
                        self.assertIn(f"app.kubernetes.io/{label}", metadata["labels"])

    def test_no_two_objects_have_the_same_name(self):
        for name, values in value_sets().items():
            with self.subTest(values=name):
                names = [(one["kind"], one["metadata"]["name"]) for one in objects(values)]
                self.assertEqual(len(names), len(set(names)))

    def test_the_chart_can_be_packaged_and_is_the_same_then(self):
        with tempfile.TemporaryDirectory() as directory:
            archive = helm_python.package(CHART, destination=directory)
            with helm_python.Chart.load(archive) as chart:
                files = [one["name"] for one in chart.files]
            rendered = render_with_both(archive, {}, "jotgate", "gates")
        self.assertIn("files/dashboard.json", files)
        self.assertIn("README.md", files)
        self.assertFalse([name for name in files if name.startswith("ci/")])
        self.assertEqual(rendered, render())


class BothHelms(unittest.TestCase):
    """Every rendering of every test is made by both (`helm.py`). Here: we would hear of it if they did not agree."""

    def render(self, template):
        """Both render the chart with one template more."""
        with tempfile.TemporaryDirectory() as directory:
            chart = shutil.copytree(CHART, pathlib.Path(directory, "jotgate"))
            (chart / "templates" / "more.yaml").write_text(template)
            return render_with_both(chart, {}, "jotgate", "gates")

    def test_they_are_a_helm_3_and_a_helm_4_and_the_document_says_which_and_for_which_kubernetes(self):
        text = (ROOT / "docs" / "kubernetes.md").read_text()
        told = re.findall(r"Helm (\d+\.[\d.]*\d)", text)
        self.assertEqual([f"v{version}" for version in told], list(versions()))
        self.assertEqual([version.partition(".")[0] for version in told], ["3", "4"])
        oldest, newest = re.search(r"each Kubernetes from ([\d.]+) to\s+([\d.]*\d)", text).groups()
        self.assertEqual((f"{oldest}.0", f"{newest}.0"), OLDEST_AND_NEWEST)

    def test_what_they_render_differently_would_be_found(self):
        self.assertIn("more.yaml", self.render("kind: {{ .Release.Service }}"))
        with self.assertRaisesRegex(AssertionError, r"more.yaml: Helm 3 makes .*v3\..* Helm 4 .*v4\."):
            self.render("kind: {{ .Capabilities.HelmVersion.Version }}")
        with self.assertRaisesRegex(AssertionError, "more.yaml: Helm 3 makes None of it"):
            self.render('{{ if hasPrefix "v4" .Capabilities.HelmVersion.Version }}kind: A{{ end }}')

    def test_what_only_one_of_them_refuses_would_be_found(self):
        for number, other in (("3", "Helm 4: renders it"), ("4", "Helm 3: renders it")):
            refusal = f'if hasPrefix "v{number}" .Capabilities.HelmVersion.Version'
            with self.assertRaisesRegex(AssertionError, other):
                self.render("{{ " + refusal + ' }}{{ fail "no" }}{{ end }}')
        with self.assertRaises(Refused) as refused:
            self.render('{{ fail "neither of them" }}')
        for message in refused.exception.args:
            self.assertIn("neither of them", message)
