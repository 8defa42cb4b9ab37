"""
The official Python client against the API: every command that a library can do, with its answer and its effect. Prints
`ok COMMAND: what` for each check that held; any exception ends it.
"""

import json
import sys

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException

config.load_kube_config(sys.argv[1])
SIGNING_REQUEST = json.loads(sys.argv[2])
core = client.CoreV1Api()
apps = client.AppsV1Api()
NAMESPACE = "default"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


def check(name, held):
    if not held:
        raise AssertionError(name)
    print("ok", name)


def code_of(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ApiException as error:
        return error.status
    return 200


def request(method, path, content_type, body, query=()):
    """What the typed calls of this version have no way to say."""
    answer, _, _ = core.api_client.call_api(
        path,
        method,
        query_params=list(query),
        header_params={"Content-Type": content_type, "Accept": "application/json"},
        body=body if "json" in content_type else json.dumps(body),  # JSON is YAML
        auth_settings=["BearerToken"],
        response_type="object",
    )
    return answer


def config_map(name, **data):
    return {"metadata": {"name": name, "labels": {"from": "py"}}, "data": data}


def deployment(name):
    container = {"name": "app", "image": "app:1"}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    return {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": {"app": name}}, "template": template}}


def read(name):
    return core.read_namespaced_config_map(name, NAMESPACE)


def test_discovery():
    check("version: major", client.VersionApi().get_code().major == "1")
    check("api-versions: apps", "apps" in [group.name for group in client.ApisApi().get_api_versions().groups])
    resources = {one.name: one for one in apps.get_api_resources().resources}
    check("api-resources: deployments", resources["deployments"].kind == "Deployment")


def test_objects():
    made = core.create_namespaced_config_map(NAMESPACE, config_map("py", a="1"))
    check("create: answers with a uid", bool(made.metadata.uid))
    check("create: twice is a conflict", code_of(core.create_namespaced_config_map, NAMESPACE, config_map("py")) == 409)
    bad = code_of(core.create_namespaced_config_map, NAMESPACE, config_map("Bad Name"))
    check("create: a bad name is invalid", bad == 422)
    check("get: what was made", read("py").data == {"a": "1"})
    core.create_namespaced_config_map(NAMESPACE, config_map("py-dry"), dry_run="All")
    check("create --dry-run=server: stores nothing", code_of(read, "py-dry") == 404)
    made.data = {"a": "2"}
    core.replace_namespaced_config_map("py", NAMESPACE, made)
    check("replace: replaces", read("py").data == {"a": "2"})
    check("replace: an old version", code_of(core.replace_namespaced_config_map, "py", NAMESPACE, made) == 409)
    core.patch_namespaced_config_map("py", NAMESPACE, {"data": {"b": "2"}})
    check("patch: merges", read("py").data == {"a": "2", "b": "2"})
    core.patch_namespaced_config_map("py", NAMESPACE, {"metadata": {"labels": {"tier": "web"}}})
    check("label: adds", read("py").metadata.labels == {"from": "py", "tier": "web"})
    core.patch_namespaced_config_map("py", NAMESPACE, [{"op": "remove", "path": "/data/b"}])
    check("patch --type=json: removes", read("py").data == {"a": "2"})
    path = "/api/v1/namespaces/%s/configmaps/" % NAMESPACE
    request("PATCH", path + "py", MERGE, {"data": {"a": None, "c": "3"}})
    check("patch --type=merge: null removes", read("py").data == {"c": "3"})
    applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "py-applied"}, "data": {"a": "1"}}
    manager = ("fieldManager", "py-test")
    request("PATCH", path + "py-applied", APPLY, applied, [manager])
    entry = read("py-applied").metadata.managed_fields[0]
    check("apply --server-side: owns", (entry.manager, entry.operation) == ("py-test", "Apply"))
    applied["data"] = {"a": "2"}
    other = [("fieldManager", "other")]
    check("apply --server-side: conflicts", code_of(request, "PATCH", path + "py-applied", APPLY, applied, other) == 409)
    compared = request("PATCH", path + "py-applied", APPLY, applied, [manager, ("dryRun", "All")])
    check("diff: says what would be", compared["data"] == {"a": "2"} and read("py-applied").data == {"a": "1"})


def test_lists():
    for name in ("page-1", "page-2", "page-3"):
        core.create_namespaced_secret(NAMESPACE, {"metadata": {"name": name, "labels": {"paged": "py"}}})
    names, token = [], None
    while token != "":
        page = core.list_namespaced_secret(NAMESPACE, label_selector="paged=py", limit=2, _continue=token)
        names += [one.metadata.name for one in page.items]
        token = page.metadata._continue or ""
    check("get by pages: all in order", names == ["page-1", "page-2", "page-3"])
    check("get -l: sets", len(core.list_namespaced_secret(NAMESPACE, label_selector="paged in (py),paged").items) == 3)
    by_field = core.list_namespaced_secret(NAMESPACE, field_selector="metadata.name=page-2").items
    check("get --field-selector: one", [one.metadata.name for one in by_field] == ["page-2"])
    core.delete_collection_namespaced_secret(NAMESPACE, label_selector="paged=py")
    check("delete -l: all of them", core.list_namespaced_secret(NAMESPACE, label_selector="paged=py").items == [])


def test_watch():
    events = watch.Watch()
    seen = []
    version = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    core.patch_namespaced_config_map("py", NAMESPACE, {"data": {"b": "3"}})
    core.delete_namespaced_config_map("py", NAMESPACE)
    stream = events.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=version, timeout_seconds=20)
    for event in stream:
        seen.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            events.stop()
    check("get -w: from a version", seen == [("MODIFIED", "py"), ("DELETED", "py")])
    check("wait: until it is gone", seen[-1][0] == "DELETED")
    check("delete: reading what is gone", code_of(read, "py") == 404)


def test_deployments():
    apps.create_namespaced_deployment(NAMESPACE, deployment("py"))
    apps.patch_namespaced_deployment_scale("py", NAMESPACE, {"spec": {"replicas": 4}})
    check("scale: the replicas", apps.read_namespaced_deployment("py", NAMESPACE).spec.replicas == 4)
    check("get --subresource: scale", apps.read_namespaced_deployment_scale("py", NAMESPACE).spec.replicas == 4)
    restart = {"spec": {"template": {"metadata": {"annotations": {"restartedAt": "now"}}}}}
    restarted = apps.patch_namespaced_deployment("py", NAMESPACE, restart)
    check("rollout restart: a new generation", restarted.metadata.generation == 3)
    apps.patch_namespaced_deployment_status("py", NAMESPACE, {"status": {"observedGeneration": 3, "replicas": 4}})
    status = apps.read_namespaced_deployment_status("py", NAMESPACE).status
    check("rollout status: as written", (status.observed_generation, status.replicas) == (3, 4))
    scaler = {
        "metadata": {"name": "py"},
        "spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "py"}},
    }
    scaled = client.AutoscalingV1Api().create_namespaced_horizontal_pod_autoscaler(NAMESPACE, scaler)
    check("autoscale: with defaults", (scaled.spec.min_replicas, scaled.spec.max_replicas) == (1, 3))
    service = {"metadata": {"name": "py"}, "spec": {"selector": {"app": "py"}, "ports": [{"port": 80}]}}
    address = core.create_namespaced_service(NAMESPACE, service).spec.cluster_ip
    check("expose: an address", address.startswith("10.96."))
    check("expose: it is kept", core.read_namespaced_service("py", NAMESPACE).spec.cluster_ip == address)
    apps.delete_namespaced_deployment("py", NAMESPACE, propagation_policy="Orphan")
    left = apps.read_namespaced_deployment("py", NAMESPACE).metadata
    check("delete --cascade=orphan: waits for it", left.finalizers == ["orphan"] and left.deletion_timestamp is not None)


def test_nodes():
    core.create_node({"metadata": {"name": "py-node"}})
    core.patch_node("py-node", {"spec": {"unschedulable": True}})
    check("cordon: unschedulable", core.read_node("py-node").spec.unschedulable is True)
    core.patch_node("py-node", {"spec": {"taints": [{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]}})
    check("taint: is there", "dedicated" in [taint.key for taint in core.read_node("py-node").spec.taints])
    spec = {"nodeName": "py-node", "containers": [{"name": "c", "image": "app:1"}]}
    core.create_namespaced_pod(NAMESPACE, {"metadata": {"name": "py-pod"}, "spec": spec})
    tools = {"spec": {"ephemeralContainers": [{"name": "tools", "image": "tools:1"}]}}
    debugged = core.patch_namespaced_pod_ephemeralcontainers("py-pod", NAMESPACE, tools)
    check("debug: a container more", debugged.spec.ephemeral_containers[0].name == "tools")
    core.create_namespaced_pod_eviction("py-pod", NAMESPACE, {"metadata": {"name": "py-pod", "namespace": NAMESPACE}})
    [evicted] = core.list_pod_for_all_namespaces(field_selector="spec.nodeName=py-node").items
    check("drain: evicts", evicted.metadata.deletion_timestamp is not None)
    about = {"apiVersion": "v1", "kind": "Pod", "name": "py-pod", "namespace": NAMESPACE}
    event = {"metadata": {"name": "py-event"}, "involvedObject": about, "reason": "Evicted", "type": "Normal"}
    core.create_namespaced_event(NAMESPACE, event)
    found = core.list_namespaced_event(NAMESPACE, field_selector="involvedObject.name=py-pod,reason=Evicted").items
    check("events: of one object", [one.metadata.name for one in found] == ["py-event"])


def test_access():
    core.create_namespaced_service_account(NAMESPACE, {"metadata": {"name": "py"}})
    token = core.create_namespaced_service_account_token("py", NAMESPACE, {"spec": {"audiences": []}}).status.token
    review = client.AuthenticationV1Api().create_token_review({"spec": {"token": token}})
    user = "system:serviceaccount:%s:py" % NAMESPACE
    check("create token: of the account", review.status.user.username == user)
    # This version of the client is older than SelfSubjectReview: the token speaks for itself.
    configuration = client.Configuration.get_default_copy()
    configuration.cert_file = configuration.key_file = None
    configuration.api_key = {"authorization": "Bearer " + token}
    api = client.ApiClient(configuration)
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    answer, _, _ = api.call_api(path, "POST", body={}, auth_settings=["BearerToken"], response_type="object")
    check("auth whoami: the account", answer["status"]["userInfo"]["username"] == user)
    question = {"spec": {"resourceAttributes": {"namespace": NAMESPACE, "verb": "create", "resource": "pods"}}}
    allowed = client.AuthorizationV1Api().create_self_subject_access_review(question).status.allowed
    check("auth can-i: yes", allowed is True)
    refused = client.AuthorizationV1Api(api).create_self_subject_access_review(question).status.allowed
    check("auth can-i: no", refused is False)
    certificates = client.CertificatesV1Api()
    certificates.create_certificate_signing_request(SIGNING_REQUEST)
    approved = {"type": "Approved", "status": "True", "reason": "Tested", "message": "by hand"}
    name = SIGNING_REQUEST["metadata"]["name"]
    certificates.patch_certificate_signing_request_approval(name, {"status": {"conditions": [approved]}})
    status = certificates.read_certificate_signing_request(name).status
    check("certificate approve: approved", [one.type for one in status.conditions] == ["Approved"])


TESTS = (test_discovery, test_objects, test_lists, test_watch, test_deployments, test_nodes, test_access)
for test in TESTS:
    test()
print("done")
