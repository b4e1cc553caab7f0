"""The chart, rendered by Helm 3 and Helm 4, and the programs that judge what comes of it."""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import kubernetes_validate
import yaml
from kubernetes_validate import utils as kubernetes_schemas

from helm import render_with_both

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "jotgate"
GOLDEN = pathlib.Path(__file__).parent / "golden"

# Each Kubernetes that the chart may be installed in, and of which there are schemas; those come in two kinds, and
# with them every version twice.
KUBERNETES = [
    version
    for version in dict.fromkeys(kubernetes_schemas.all_versions())
    if tuple(map(int, version.split(".")[:2])) >= (1, 30)
]
# Enough for what has not changed for years.
OLDEST_AND_NEWEST = (KUBERNETES[0], KUBERNETES[-1])

# Every object would read its megabytes of schemas anew.
kubernetes_schemas.schema_contents = functools.cache(kubernetes_schemas.schema_contents)


def value_sets():
    """The value sets of `ci/`, by their names; the defaults are one, too."""
    sets = {"defaults": {}}
    for path in sorted((CHART / "ci").glob("*-values.yaml")):
        sets[path.name.removesuffix("-values.yaml")] = yaml.safe_load(path.read_text())
    return sets


def render(values=None, name="jotgate", namespace="gates"):
    """The chart's templates by their names, as text, without those that came out empty."""
    return dict(render_once(json.dumps(values or {}), name, namespace))


@functools.cache
def render_once(values, name, namespace):
    return render_with_both(CHART, json.loads(values), name, namespace)


def objects(values=None, **options):
    """What the chart makes of the values: every object."""
    texts = render(values, **options)
    texts.pop("NOTES.txt")
    return [one for text in texts.values() for one in yaml.safe_load_all(text) if one]


def of_kind(kind, values=None, **options):
    """The objects of one kind."""
    return [one for one in objects(values, **options) if one["kind"] == kind]


def only(kind, values=None, **options):
    """The one object of its kind."""
    found = of_kind(kind, values, **options)
    assert len(found) == 1, [one["metadata"]["name"] for one in found]
    return found[0]


def workload(values=None):
    """The Deployment or DaemonSet."""
    [found] = [one for one in objects(values) if one["kind"] in ("Deployment", "DaemonSet")]
    return found


def pod(values=None):
    """What the pods are to be."""
    return workload(values)["spec"]["template"]["spec"]


def container(values=None):
    """jotgate's container, wherever in the pod it is."""
    spec = pod(values)
    everything = spec.get("initContainers", []) + spec["containers"]
    [found] = [one for one in everything if one["name"] == "jotgate"]
    return found


def is_of_kubernetes(one):
    """Whether it is no custom resource."""
    group, slash, _ = one["apiVersion"].partition("/")
    return not slash or "." not in group or group.endswith(".k8s.io") and "gateway" not in group


def validate(one, versions=tuple(KUBERNETES)):
    """Has each Kubernetes look at an object; unknown fields are errors."""
    for version in versions:
        kubernetes_validate.validate(one, version, strict=True)


def custom_resource(one, models):
    """Has a model of a custom resource look at an object. Models ignore what they do not know, so what is left
    has to be what was given."""
    model = getattr(models, one["kind"])
    kept = model.model_validate(one).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert kept == one, f"{one['kind']}: unknown or reinterpreted: {difference(one, kept)}"


def difference(given, kept, place=""):
    """Where two documents differ first."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key in given | kept:
            if given.get(key) != kept.get(key):
                return difference(given.get(key), kept.get(key), f"{place}.{key}")
    if isinstance(given, list) and isinstance(kept, list):
        for index, (one, other) in enumerate(zip(given, kept)):
            if one != other:
                return difference(one, other, f"{place}[{index}]")
    return f"{place}: {given!r} became {kept!r}"


def jotgate_check(values):
    """Has jotgate check the configuration as a pod would find it: the file of the ConfigMap, Secrets mounted."""
    [config] = [
        one["data"]["config.yaml"]
        for one in of_kind("ConfigMap", values)
        if "config.yaml" in one["data"]
    ]
    assert config == values.get("config", config), "the configuration is not verbatim"
    jotgate = os.environ.get("JOTGATE_TEST_JOTGATE", ROOT / "target" / "debug" / "jotgate")
    spec = container(values)
    environment = {one["name"]: one.get("value", "s" * 64) for one in spec.get("env", [])}
    with tempfile.TemporaryDirectory() as directory:
        volumes = {one["name"]: one for one in pod(values)["volumes"]}
        for mount in spec["volumeMounts"]:
            if "secret" in volumes[mount["name"]]:
                mounted = directory + mount["mountPath"]
                config = config.replace(mount["mountPath"] + "/", mounted + "/")
                put_secrets(pathlib.Path(mounted))
        path = pathlib.Path(directory, "config.yaml")
        path.write_text(config)
        return subprocess.run(
            [jotgate, "check", "--config", path], env=environment, capture_output=True, text=True
        )


def put_secrets(directory):
    """Files as the value sets name them."""
    samples = ROOT / "src" / "keys" / "pem" / "samples"
    directory.mkdir(parents=True)
    (directory / "key").write_text("k" * 64)
    (directory / "hash").write_text(
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$"
        "Y2hlY2sgZG9lcyBub3QgdmVyaWZ5IGEgc2VjcmV0ISE\n"
    )
    shutil.copy(samples / "rsa2048_certificate.pem", directory / "ca.crt")
    certificate(directory)


def certificate(directory):
    """A key and a certificate for it, as cert-manager names them."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        + ["-subj", "/CN=jotgate", "-keyout", directory / "tls.key", "-out", directory / "tls.crt"],
        check=True,
        capture_output=True,
    )
