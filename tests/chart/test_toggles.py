"""Each value that switches something, on and off: what is there then, and what is not."""

import unittest

from chart import container, objects, of_kind, only, pod, render, value_sets, workload

MINIMAL = value_sets()["minimal"]["config"]


def config(server):
    """A configuration with these lines below `server`."""
    return f"server:\n  admin: {{ listen: '0.0.0.0:9193' }}\n{server}\n" + MINIMAL.split("\n", 2)[2]


class Toggles(unittest.TestCase):
    def test_what_is_enabled_is_there_and_nothing_else_changes(self):
        toggles = {
            "autoscaling": ["HorizontalPodAutoscaler"],
            "networkPolicy": ["NetworkPolicy"],
            "serviceMonitor": ["ServiceMonitor", "Service"],
            "podMonitor": ["PodMonitor"],
            "prometheusRule": ["PrometheusRule"],
            "grafanaDashboard": ["ConfigMap"],
        }
        defaults = sorted(one["kind"] for one in objects())
        for toggle, kinds in toggles.items():
            with self.subTest(toggle):
                enabled = sorted(one["kind"] for one in objects({toggle: {"enabled": True}}))
                self.assertEqual(enabled, sorted(defaults + kinds))
                disabled = sorted(one["kind"] for one in objects({toggle: {"enabled": False}}))
                self.assertEqual(disabled, defaults)

    def test_what_is_on_can_be_switched_off(self):
        for kind, values in {
            "PodDisruptionBudget": {"podDisruptionBudget": {"enabled": False}},
            "ServiceAccount": {"serviceAccount": {"create": False}},
        }.items():
            with self.subTest(kind):
                self.assertEqual(len(of_kind(kind)), 1)
                self.assertEqual(of_kind(kind, values), [])
        self.assertEqual(pod({"serviceAccount": {"create": False}})["serviceAccountName"], "default")
        named = {"serviceAccount": {"create": False, "name": "there"}}
        self.assertEqual(pod(named)["serviceAccountName"], "there")

    def test_no_token_of_the_account_reaches_a_pod(self):
        self.assertIs(only("ServiceAccount")["automountServiceAccountToken"], False)
        for name, values in value_sets().items():
            with self.subTest(name):
                self.assertIs(pod(values)["automountServiceAccountToken"], False)

    def test_every_pod_is_locked_down(self):
        for name, values in value_sets().items():
            with self.subTest(name):
                spec, own = pod(values), container(values)["securityContext"]
                self.assertIs(spec["securityContext"]["runAsNonRoot"], True)
                self.assertGreater(spec["securityContext"]["runAsUser"], 0)
                self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                self.assertIs(own["readOnlyRootFilesystem"], True)
                self.assertIs(own["allowPrivilegeEscalation"], False)
                self.assertEqual(own["capabilities"], {"drop": ["ALL"]})

    def test_replicas_are_left_to_the_autoscaler(self):
        self.assertEqual(workload()["spec"]["replicas"], 2)
        self.assertNotIn("replicas", workload({"autoscaling": {"enabled": True}})["spec"])
        self.assertNotIn("replicas", workload({"kind": "DaemonSet"})["spec"])

    def test_a_changed_configuration_rolls_the_pods_unless_told_otherwise(self):
        def annotations(values):
            return workload(values)["spec"]["template"]["metadata"]["annotations"]

        one, other = {"config": MINIMAL}, {"config": MINIMAL + "# changed\n"}
        self.assertNotEqual(annotations(one), annotations(other))
        live = {"restartOnConfigChange": False}
        self.assertEqual(annotations(one | live), annotations(other | live))

    def test_an_image_is_named_by_tag_digest_or_both(self):
        digest = "sha256:" + "0" * 64
        for image, expected in [
            ({}, "ghcr.io/jotgate/jotgate:0.1.0"),
            ({"tag": "0.1.1-rc.1"}, "ghcr.io/jotgate/jotgate:0.1.1-rc.1"),
            ({"digest": digest}, f"ghcr.io/jotgate/jotgate@{digest}"),
            ({"repository": "r/j", "tag": "1", "digest": digest}, f"r/j:1@{digest}"),
        ]:
            with self.subTest(image):
                self.assertEqual(container({"image": image})["image"], expected)

    def test_ports_are_those_of_the_configuration(self):
        values = {"config": config("  grpc: { listen: '0.0.0.0:1' }\n  http: { listen: '[::]:2' }")}
        ports = {one["name"]: one["containerPort"] for one in container(values)["ports"]}
        self.assertEqual(ports, {"grpc": 1, "http": 2, "admin": 9193})
        for service in of_kind("Service", values):
            offered = [(p["name"], p["port"], p["appProtocol"]) for p in service["spec"]["ports"]]
            self.assertEqual(offered, [("grpc", 1, "grpc"), ("http", 2, "http")])

    def test_the_admin_port_is_offered_to_prometheus_only(self):
        for service in of_kind("Service", {"serviceMonitor": {"enabled": True}}):
            names = [port["name"] for port in service["spec"]["ports"]]
            is_for_metrics = service["metadata"]["name"] == "jotgate-metrics"
            self.assertEqual("admin" in names, is_for_metrics)
            self.assertEqual("grpc" in names, not is_for_metrics)

    def test_gateways_find_every_pod_through_the_headless_service(self):
        [headless] = [s for s in of_kind("Service") if s["metadata"]["name"] == "jotgate-headless"]
        self.assertEqual(headless["spec"]["clusterIP"], "None")
        self.assertNotIn("publishNotReadyAddresses", headless["spec"])

    def test_a_pod_is_kept_for_as_long_as_it_may_take_to_end(self):
        for drain, sleep, grace in [("0", 0, 10), ("1m30s", 5, 105), ("500ms", 5, 16), ("20s", 7, 37)]:
            with self.subTest(drain):
                values = {"config": config(f"  drain: {drain}"), "preStopSleepSeconds": sleep}
                self.assertEqual(pod(values)["terminationGracePeriodSeconds"], grace)
                expected = {"preStop": {"sleep": {"seconds": sleep}}} if sleep else None
                self.assertEqual(container(values).get("lifecycle"), expected)

    def test_secrets_are_mounted_where_the_configuration_looks(self):
        values = value_sets()["full"]
        mounts = {one["name"]: one["mountPath"] for one in container(values)["volumeMounts"]}
        secrets = {v["secret"]["secretName"]: v for v in pod(values)["volumes"] if "secret" in v}
        self.assertEqual(mounts[secrets["corp-hmac"]["name"]], "/secrets/corp-hmac")
        self.assertEqual(mounts[secrets["corp.ca"]["name"]], "/etc/ssl/corp")
        self.assertEqual(secrets["corp-hmac"]["secret"]["defaultMode"], 0o440)

    def test_the_state_is_on_a_volume_or_lives_as_long_as_the_pod(self):
        values = {"config": config("  state_dir: /state")}
        volumes = {one["name"]: one for one in pod(values)["volumes"]}
        self.assertEqual(volumes["state"], {"name": "state", "emptyDir": {}})
        self.assertEqual(of_kind("PersistentVolumeClaim", values), [])
        values |= {"persistence": {"enabled": True}, "replicaCount": 1}
        volumes = {one["name"]: one for one in pod(values)["volumes"]}
        claim = only("PersistentVolumeClaim", values)
        named = volumes["state"]["persistentVolumeClaim"]["claimName"]
        self.assertEqual(named, claim["metadata"]["name"])
        self.assertEqual(claim["metadata"]["annotations"]["helm.sh/resource-policy"], "keep")
        self.assertEqual(workload(values)["spec"]["strategy"], {"type": "Recreate"})
        values["persistence"] |= {"accessModes": ["ReadWriteMany"], "retain": False}
        values["replicaCount"] = 3
        self.assertEqual(workload(values)["spec"]["strategy"]["type"], "RollingUpdate")
        self.assertNotIn("annotations", only("PersistentVolumeClaim", values)["metadata"])

    def test_a_sidecar_starts_before_its_gateway_and_shares_the_socket(self):
        values = value_sets()["sidecar"]
        spec = pod(values)
        [sidecar] = spec["initContainers"]
        self.assertEqual((sidecar["name"], sidecar["restartPolicy"]), ("jotgate", "Always"))
        self.assertNotIn("lifecycle", sidecar)
        [gateway] = spec["containers"]
        for one in (sidecar, gateway):
            mounts = {mount["name"]: mount["mountPath"] for mount in one["volumeMounts"]}
            self.assertEqual(mounts["sockets"], "/run/jotgate")
        ports = [p["name"] for s in of_kind("Service", values) for p in s["spec"]["ports"]]
        self.assertEqual(set(ports), {"https"})

    def test_a_daemonset_has_no_budget_and_its_socket_is_on_the_node(self):
        values = value_sets()["daemonset"]
        self.assertEqual(workload(values)["kind"], "DaemonSet")
        self.assertEqual(of_kind("PodDisruptionBudget", values), [])
        self.assertNotIn("topologySpreadConstraints", pod(values))
        volumes = {one["name"]: one for one in pod(values)["volumes"]}
        self.assertEqual(volumes["sockets"]["hostPath"]["path"], "/run/jotgate")

    def test_a_policy_without_peers_lets_nobody_in_or_out(self):
        policy = only("NetworkPolicy", value_sets()["zeros"])["spec"]
        self.assertEqual(policy["policyTypes"], ["Ingress", "Egress"])
        self.assertFalse(policy["ingress"])
        self.assertFalse(policy["egress"])

    def test_a_policy_lets_in_gateways_and_prometheus_and_out_to_names_and_issuers(self):
        policy = only("NetworkPolicy", {"networkPolicy": {"enabled": True}})["spec"]
        ingress = [[port["port"] for port in rule["ports"]] for rule in policy["ingress"]]
        self.assertEqual(ingress, [["grpc", "http"], ["admin"]])
        egress = [[port["port"] for port in rule["ports"]] for rule in policy["egress"]]
        self.assertEqual(egress, [[53, 53], [443]])
        for rule in policy["ingress"] + policy["egress"]:
            self.assertTrue(rule.get("from", rule.get("to")), "everybody")

    def test_spreading_looks_at_these_pods_unless_told_otherwise(self):
        labels = workload()["spec"]["selector"]["matchLabels"]
        for one in pod()["topologySpreadConstraints"]:
            self.assertEqual(one["labelSelector"], {"matchLabels": labels})
        told, default = pod(value_sets()["full"])["topologySpreadConstraints"]
        self.assertEqual(
            told["labelSelector"]["matchLabels"], {"app.kubernetes.io/part-of": "gateways"}
        )
        self.assertIn("app.kubernetes.io/name", default["labelSelector"]["matchLabels"])

    def test_nothing_is_zero_because_it_was_taken_for_nothing(self):
        values = value_sets()["zeros"]
        spec = workload(values)["spec"]
        self.assertEqual(spec["replicas"], 0)
        self.assertEqual(spec["revisionHistoryLimit"], 0)
        self.assertEqual(spec["template"]["spec"]["terminationGracePeriodSeconds"], 0)
        self.assertEqual(container(values)["livenessProbe"]["initialDelaySeconds"], 0)
        self.assertEqual(container(values)["livenessProbe"]["periodSeconds"], 10)
        budget = only("PodDisruptionBudget", values)["spec"]
        self.assertEqual(budget["maxUnavailable"], 0)
        none_may_go = {"podDisruptionBudget": {"minAvailable": 0}}
        self.assertEqual(only("PodDisruptionBudget", none_may_go)["spec"]["minAvailable"], 0)
        self.assertEqual(only("PodDisruptionBudget")["spec"]["maxUnavailable"], 1)
        claim = {"persistence": {"enabled": True, "storageClass": ""}, "replicaCount": 1}
        claim["config"] = config("  state_dir: /state")
        self.assertEqual(only("PersistentVolumeClaim", claim)["spec"]["storageClassName"], "")
        rules = only("PrometheusRule", values)["spec"]["groups"][0]["rules"]
        [ageing] = [rule for rule in rules if rule.get("alert") == "JotgateKeysAgeing"]
        self.assertIn("> 0\nand", ageing["expr"])

    def test_names_follow_the_release_and_can_be_set(self):
        def names(values, release):
            return {one["metadata"]["name"] for one in objects(values, name=release)}

        self.assertEqual(names({}, "edge"), {"edge-jotgate", "edge-jotgate-headless"})
        self.assertEqual(names({}, "my-jotgate"), {"my-jotgate", "my-jotgate-headless"})
        self.assertEqual(names({"nameOverride": "gate"}, "a"), {"a-gate", "a-gate-headless"})
        self.assertEqual(names({"fullnameOverride": "x"}, "a"), {"x", "x-headless"})
        long = {"serviceMonitor": {"enabled": True}, "fullnameOverride": "l" * 80}
        self.assertTrue(all(len(name) <= 63 for name in names(long, "a")))

    def test_labels_and_annotations_go_where_they_are_meant_for(self):
        values = value_sets()["full"]
        template = workload(values)["spec"]["template"]["metadata"]
        self.assertEqual(template["labels"]["sidecar.istio.io/inject"], "true")
        self.assertEqual(template["annotations"]["example.org/scrape"], "false")
        self.assertEqual(workload(values)["metadata"]["annotations"]["example.org/owner"], "gateways")
        for one in objects(values):
            self.assertEqual(one["metadata"]["labels"]["app.kubernetes.io/part-of"], "gateways")

    def test_rules_can_be_left_out_and_added(self):
        rules = only("PrometheusRule", value_sets()["full"])["spec"]["groups"][0]["rules"]
        names = [rule.get("alert", rule.get("record")) for rule in rules]
        self.assertNotIn("JotgateInstanceDown", names)
        self.assertIn("JotgateDown", names)
        self.assertEqual(names[-1], "jotgate:decisions:rate5m")
        for rule in rules[:-1]:
            self.assertEqual(rule["labels"]["team"], "gateways")

    def test_the_notes_say_that_the_example_is_still_there(self):
        self.assertIn("ATTENTION", render()["NOTES.txt"])
        self.assertNotIn("ATTENTION", render(value_sets()["minimal"])["NOTES.txt"])
