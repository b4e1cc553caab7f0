"""What Helm 3 and Helm 4 make of a chart. Both are asked for every rendering, and have to agree."""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import helm_python

# As `helm-binary` brings it. Helm 4 is within `helm_python`, as a library.
HELM3 = os.environ.get("JOTGATE_TEST_HELM3") or shutil.which("helm")
# Helm 3 is a process of its own, which has a core of its own while Helm 4 works in this one.
BESIDE = concurrent.futures.ThreadPoolExecutor(max_workers=1)


class Refused(Exception):
    """Neither Helm renders the chart with these values. The arguments are what the one and the other says."""


def render_with_both(chart, values, name, namespace):
    """What both make of a chart: its templates by their names, as text, without those that came out empty."""
    beside = BESIDE.submit(render_with_helm3, chart, values, name, namespace)
    texts, refusal4 = render_with_helm4(chart, values, name, namespace)
    documents3, refusal3 = beside.result()
    if refusal3 or refusal4:
        assert refusal3 and refusal4, f"Helm 3: {refusal3 or 'renders it'}; Helm 4: {refusal4 or 'renders it'}"
        raise Refused(refusal3, refusal4)
    documents4 = {template: documents(text) for template, text in texts.items()}
    # No manifest: `helm template` does not print them.
    del documents4["NOTES.txt"]
    for template in documents3 | documents4:
        one, other = documents3.get(template), documents4.get(template)
        assert one == other, f"{template}: Helm 3 makes {one} of it, Helm 4 {other}"
    return texts


def render_with_helm4(chart, values, name, namespace):
    """The texts of the templates, or the refusal."""
    try:
        with helm_python.Chart.load(chart) as loaded:
            rendered = loaded.render(values, name=name, namespace=namespace)
    except helm_python.HelmError as error:
        return None, str(error)
    texts = {path.partition("/templates/")[2]: text.strip() for path, text in sorted(rendered.items())}
    return {template: text for template, text in texts.items() if text}, None


def render_with_helm3(chart, values, name, namespace):
    """The documents of the templates, or the refusal."""
    result = helm3("template", name, chart, "--namespace", namespace, values=values)
    if result.returncode != 0:
        return None, result.stderr
    return of_templates(result.stdout), None


def of_templates(manifest):
    """The documents of a manifest by the templates that they are from."""
    _, *parts = re.split(r"^---\n# Source: \w+/templates/(\S+)\n", manifest, flags=re.M)
    found = {}
    for template, text in zip(parts[::2], parts[1::2]):
        found.setdefault(template, []).extend(documents(text))
    return {template: sorted(texts) for template, texts in found.items()}


def documents(text):
    """The documents of a template, in one order: the command sorts objects by their kinds, as it installs them,
    and the library has them as they stand in the template. Nothing else may differ, not even a blank."""
    return sorted(one.strip() for one in re.split(r"^---\n", text, flags=re.M) if one.strip())


def helm3(command, *arguments, values=None):
    """Runs Helm 3, which is to see neither the settings nor the cluster of whoever runs the tests."""
    if not HELM3:
        raise AssertionError("Helm 3 is missing: scripts/test install gets it")
    with tempfile.TemporaryDirectory() as home:
        return subprocess.run(
            [HELM3, command, *arguments] + ([] if values is None else ["--values", "-"]),
            input=None if values is None else json.dumps(values),
            env={"HOME": home, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
        )


def versions():
    """The versions of both: what they tell a chart."""
    with tempfile.TemporaryDirectory() as directory:
        chart = pathlib.Path(directory, "versions")
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text("{ apiVersion: v2, name: versions, version: 0.1.0 }")
        (chart / "templates" / "version").write_text("{{ .Capabilities.HelmVersion.Version }}")
        [version4] = render_with_helm4(chart, {}, "versions", "default")[0].values()
    return helm3("version", "--template", "{{ .Version }}").stdout, version4
