"""Alerts and the dashboard: good PromQL over metrics that there are, and alerts that fire when they should."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

from chart import CHART, ROOT, of_kind, only

PROMTOOL = os.environ.get("JOTGATE_TEST_PROMTOOL") or shutil.which("promtool")
SERIES = (ROOT / "tests" / "golden" / "metrics.txt").read_text()
# What Prometheus itself writes for whatever it scrapes.
OF_PROMETHEUS = {"up": set()}
# What the scrape adds to every series.
OF_THE_SCRAPE = {"job", "namespace", "instance"}


def rules(**values):
    """The rules of the chart with these values of `prometheusRule`."""
    rendered = only("PrometheusRule", {"prometheusRule": {"enabled": True} | values})
    return rendered["spec"]["groups"]


def dashboard():
    """The dashboard as Grafana gets it."""
    rendered = of_kind("ConfigMap", {"grafanaDashboard": {"enabled": True}})
    [file] = [one["data"]["jotgate.json"] for one in rendered if "jotgate.json" in one["data"]]
    return json.loads(file)


def promtool(*arguments):
    """Runs Prometheus' own tool; nothing of it may complain."""
    if not PROMTOOL:
        raise AssertionError("promtool is missing: scripts/test install gets it")
    return subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True)


def metrics():
    """Each metric that jotgate writes, with the labels that it has."""
    found = dict(OF_PROMETHEUS)
    for line in SERIES.splitlines():
        if series := re.match(r"(\w+)(?:\{(.*)\})?$", line):
            labels = set(re.findall(r"(\w+)=", series[2] or ""))
            found[series[1]] = found.get(series[1], set()) | labels
    return found


def findings(expressions):
    """What is wrong with PromQL: Prometheus does not parse it, or it names what there is not."""
    found, known = [], metrics()
    everything = set().union(*known.values(), OF_THE_SCRAPE)
    for expression in expressions:
        rule = {"name": "all", "rules": [{"record": "a:b", "expr": expression}]}
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump({"groups": [rule]}, file)
            file.flush()
            result = promtool("check", "rules", file.name)
        if result.returncode != 0:
            found.append(f"{expression}: {result.stdout}{result.stderr}")
        for name, matchers in re.findall(r"(\w+)\{([^}]*)\}", expression):
            labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))
            if name not in known:
                found.append(f"{expression}: there is no {name}")
            elif not labels <= known[name] | OF_THE_SCRAPE:
                found.append(f"{expression}: {name} has {known[name]}")
        for labels in re.findall(r"\b(?:by|ignoring|on) \(([^)]*)\)", expression):
            if not set(labels.split(", ")) <= everything:
                found.append(f"{expression}: nothing has {labels}")
        # Without a selector it would look at every jotgate that Prometheus knows.
        for name in re.findall(r"\bjotgate_\w+\b(?!\{)", expression):
            found.append(f"{expression}: {name} without a selector")
    return found


class PromQL(unittest.TestCase):
    def test_the_alerts_are_promql_over_metrics_that_there_are(self):
        self.assertEqual(findings(rule["expr"] for group in rules() for rule in group["rules"]), [])

    def test_the_dashboard_is_promql_over_metrics_that_there_are(self):
        panels = dashboard()["panels"]
        targets = [target["expr"] for panel in panels for target in panel.get("targets", [])]
        notes = [one["expr"] for one in dashboard()["annotations"]["list"]]
        self.assertGreater(len(targets), 20)
        self.assertEqual(findings(e.replace("$__rate_interval", "5m") for e in targets + notes), [])

    def test_what_there_is_not_would_be_found(self):
        for expression in (
            "sum(rate(jotgate_decision_total{}[5m]))",
            'jotgate_keys{provider="a"}',
            "sum by (provider) (jotgate_keys{})",
            "jotgate_keys == 0",
            "sum(rate(jotgate_keys{}))",
        ):
            with self.subTest(expression):
                self.assertEqual(len(findings([expression])), 1)


class Alerts(unittest.TestCase):
    def run_cases(self, cases, **values):
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory, "rules.yaml")
            file.write_text(yaml.safe_dump({"groups": rules(**values)}))
            check = promtool("check", "rules", "--lint=all", "--lint-fatal", str(file))
            self.assertEqual(check.returncode, 0, check.stdout + check.stderr)
            tests = pathlib.Path(directory, "tests.yaml")
            tests.write_text(yaml.safe_dump({"rule_files": ["rules.yaml"]} | cases))
            return promtool("test", "rules", str(tests))

    def test_they_fire_when_they_should_and_only_then(self):
        cases = yaml.safe_load((pathlib.Path(__file__).parent / "alerts_test.yaml").read_text())
        result = self.run_cases(cases)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(self):
        cases = yaml.safe_load((pathlib.Path(__file__).parent / "alerts_test.yaml").read_text())
        fires, silent = set(), set()
        for test in cases["tests"]:
            for case in test["alert_rule_test"]:
                (fires if case.get("exp_alerts") else silent).add(case["alertname"])
        names = {rule["alert"] for group in rules() for rule in group["rules"]}
        self.assertEqual(fires, names)
        self.assertEqual(silent, names)
        schema = json.loads((CHART / "values.schema.json").read_text())
        disabled = schema["properties"]["prometheusRule"]["properties"]["disabled"]
        self.assertEqual(set(disabled["items"]["enum"]), names)

    def test_a_case_that_does_not_hold_would_be_found(self):
        cases = yaml.safe_load((pathlib.Path(__file__).parent / "alerts_test.yaml").read_text())
        result = self.run_cases(cases, keysAgeSeconds=10**7, refusalsFactor=10**6)
        self.assertNotEqual(result.returncode, 0)

    def test_every_alert_says_what_is_wrong_and_how_urgent_it_is(self):
        for group in rules():
            for rule in group["rules"]:
                with self.subTest(rule["alert"]):
                    self.assertIn(rule["labels"]["severity"], ("critical", "warning"))
                    self.assertEqual(set(rule["annotations"]), {"summary", "description"})

    def test_they_look_at_what_the_monitors_scrape(self):
        for monitor in ("ServiceMonitor", "PodMonitor"):
            values = {monitor[0].lower() + monitor[1:]: {"enabled": True}}
            spec = only(monitor, values, name="edge")["spec"]
            self.assertEqual(spec["jobLabel"], "app.kubernetes.io/instance")
        rendered = only("PrometheusRule", {"prometheusRule": {"enabled": True}}, name="edge")
        for rule in rendered["spec"]["groups"][0]["rules"]:
            self.assertIn('{job="edge",namespace="gates"', rule["expr"])

    def test_another_selector_takes_the_place_of_theirs_everywhere(self):
        for group in rules(selector='app="gate"'):
            for rule in group["rules"]:
                self.assertIn('{app="gate"', rule["expr"])
                self.assertNotIn("job=", rule["expr"])


class Dashboard(unittest.TestCase):
    def test_it_is_the_file_of_the_chart(self):
        file = json.loads((CHART / "files" / "dashboard.json").read_text())
        self.assertEqual(dashboard(), file)

    def test_panels_have_titles_numbers_and_places_of_their_own(self):
        panels = dashboard()["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        self.assertEqual(len({panel["title"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            place = panel["gridPos"]
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertNotIn((x, y), taken, panel["title"])
                    self.assertLess(x, 24, panel["title"])
                    taken.add((x, y))

    def test_every_variable_that_is_used_is_there(self):
        text = (CHART / "files" / "dashboard.json").read_text()
        used = set(re.findall(r"\$\{?(\w+)", text)) - {"__rate_interval", "__all"}
        there = {one["name"] for one in dashboard()["templating"]["list"]}
        self.assertEqual(used, there)

    def test_every_metric_that_is_written_is_shown(self):
        shown = (CHART / "files" / "dashboard.json").read_text()
        for name in metrics():
            base = re.sub(r"_(bucket|count|sum)$", "", name)
            self.assertIn(base, shown)

