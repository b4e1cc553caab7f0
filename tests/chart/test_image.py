"""The image and the release, as far as that goes without a container engine: linted, complete, and of one version."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

from chart import ROOT, container

DOCKERFILE = (ROOT / "Dockerfile").read_text()
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def context():
    """The files that .dockerignore lets into the build. The last rule that a file or a directory above it meets
    decides, and `**` stands for any number of directories, also for none."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = []
    for line in lines:
        if line and not line.startswith("#"):
            pattern = re.escape(line.removeprefix("!"))
            pattern = pattern.replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
            rules.append((re.compile(f"{pattern}(?:/.*)?"), line.startswith("!")))
    # Also what git ignores is there when somebody builds: results of benchmarks, caches, notes. Only what compilers and
    # tools left is not looked through: it is tens of thousands of files.
    everything = ["--cached", "--others", "--", ".", ":!target", ":!.tools", ":!fuzz/target"]
    for file in run("git", "ls-files", *everything, cwd=ROOT).stdout.splitlines():
        decisions = [is_allowed for pattern, is_allowed in rules if pattern.fullmatch(file)]
        if not decisions or decisions[-1]:
            yield file


class Dockerfile(unittest.TestCase):
    def test_it_pleases_hadolint(self):
        result = run("hadolint", "--failure-threshold", "style", str(ROOT / "Dockerfile"))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_the_compiler_is_that_of_the_toolchain_file_and_both_stages_are_of_one_debian(self):
        channel = re.search(r'channel = "(.*)"', (ROOT / "rust-toolchain.toml").read_text())[1]
        rust, debian = re.search(r"BUILD_IMAGE=rust:([\d.]+)-(\w+)", DOCKERFILE).groups()
        self.assertEqual(rust, channel)
        number = re.search(r"RUNTIME_IMAGE=\S+-debian(\d+)", DOCKERFILE)[1]
        self.assertEqual(debian, {"12": "bookworm", "13": "trixie"}[number])

    def test_the_build_gets_all_that_cargo_needs_and_no_secret_of_the_checkout(self):
        files = list(context())
        for name in files:
            directory, slash, _ = name.partition("/")
            if directory in ("benches", "load-tests"):
                self.assertTrue(name.endswith(".rs"), f"{name}: no part of the program")
            else:
                known = {"src", "proto"} if slash else {"Cargo.toml", "Cargo.lock", "LICENSE", "build.rs"}
                self.assertIn(directory, known, f"{name}: no part of the program")
        with tempfile.TemporaryDirectory() as directory:
            for file in files:
                copy = pathlib.Path(directory, file)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / file, copy)
            # Cargo looks whether every target that Cargo.toml names is there, and whether the lock file fits.
            command = ["cargo", "metadata", "--locked", "--offline", "--format-version", "1", "--no-deps"]
            result = run(*command, cwd=directory)
            self.assertEqual(result.returncode, 0, result.stderr)
            [package] = json.loads(result.stdout)["packages"]
            for target in package["targets"]:
                # The tests' own programs are not for the image.
                if "test" not in target["kind"]:
                    self.assertTrue(os.path.exists(target["src_path"]), target["name"])
            copied = [line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("COPY . ")]
            self.assertEqual(copied, ["."])
            self.assertIn("LICENSE", files)

    def test_no_clock_gets_into_the_program(self):
        """C writes the moment of its compilation where it says `__DATE__`, and mimalloc says so."""
        [compilation] = [stage for stage in DOCKERFILE.split("\nFROM ") if "cargo auditable build" in stage]
        before, _, _ = compilation.partition("\nRUN cargo auditable build")
        epoch = re.search(r"(?m)^(?:ENV|   ) .*\b(SOURCE_DATE_EPOCH=\d+)", before)[1]
        source = 'const char *moment = __DATE__ " " __TIME__;'
        environment = dict([epoch.split("=")]) | {"PATH": os.environ["PATH"]}
        compiled = run("cc", "-S", "-x", "c", "-o", "-", "-", input=source, env=environment)
        self.assertIn("Jan  1 1970 00:00:00", compiled.stdout)

    def test_the_chart_runs_it_as_the_user_and_with_the_command_that_it_is_made_for(self):
        self.assertRegex(DOCKERFILE, r"(?m)^USER 65532:65532$")
        self.assertRegex(DOCKERFILE, r'(?m)^ENTRYPOINT \["/usr/bin/jotgate"\]$')
        own = container()
        self.assertNotIn("command", own)
        self.assertEqual(own["args"][0], "serve")
        exposed = set(map(int, re.search(r"(?m)^EXPOSE (.*)$", DOCKERFILE)[1].split()))
        self.assertEqual(exposed, {port["containerPort"] for port in own["ports"]})


class Workflows(unittest.TestCase):
    def test_they_are_what_github_takes(self):
        schema = ["--builtin-schema", "vendor.github-workflows"]
        result = run("check-jsonschema", *schema, *map(str, WORKFLOWS))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_their_scripts_are_bash_and_their_expressions_lead_somewhere(self):
        for workflow in WORKFLOWS:
            jobs = yaml.safe_load(workflow.read_text())["jobs"]
            for name, job in jobs.items():
                with self.subTest(workflow.name, job=name):
                    needs = job.get("needs", [])
                    self.assertLessEqual({needs} if isinstance(needs, str) else set(needs), set(jobs))
                    known = {step["id"] for step in job["steps"] if "id" in step}
                    used = set(re.findall(r"steps\.(\w+)\.", yaml.safe_dump(job)))
                    self.assertLessEqual(used, known)
                    matrix = job.get("strategy", {}).get("matrix", {}).get("include", [{}])
                    for key in re.findall(r"matrix\.(\w+)", yaml.safe_dump(job)):
                        self.assertTrue(all(key in entry for entry in matrix), key)
                    for step in job["steps"]:
                        script = step.get("run", "")
                        self.assertNotIn("${{", script, "a script takes values from its environment")
                        result = run("bash", "-n", input=script)
                        self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_release_is_for_both_architectures_with_sbom_and_provenance(self):
        jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yaml").read_text())["jobs"]
        matrix = jobs["image"]["strategy"]["matrix"]["include"]
        self.assertEqual({one["architecture"] for one in matrix}, {"amd64", "arm64"})
        [build] = [step for step in jobs["image"]["steps"] if step.get("id") == "build"]
        self.assertIs(build["with"]["sbom"], True)
        self.assertEqual(build["with"]["provenance"], "mode=max")

    def test_what_the_release_does_to_the_values_is_done(self):
        """The digest goes into values.yaml by sed, which would not complain if it found nothing."""
        text = (ROOT / ".github" / "workflows" / "release.yaml").read_text()
        [script] = re.findall(r"sed --in-place \"(.*?)\" helm", text)
        digest = "sha256:" + "a" * 64
        environment = {"IMAGE": "ghcr.io/someone/jotgate", "DIGEST": digest}
        script = re.sub(r"\$(\w+)", lambda name: environment[name[1]], script)
        values = run("sed", script, str(ROOT / "helm" / "jotgate" / "values.yaml")).stdout
        changed = yaml.safe_load(values)["image"]
        self.assertEqual(changed["repository"], "ghcr.io/someone/jotgate")
        self.assertEqual(changed["digest"], digest)
        image = container({"image": changed})["image"]
        self.assertEqual(image, f"ghcr.io/someone/jotgate@{digest}")
