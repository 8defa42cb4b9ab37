"""The official Python client against the API. Prints a line for each check that held; any exception ends it."""

import sys

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException

config.load_kube_config(sys.argv[1])
core = client.CoreV1Api()
apps = client.AppsV1Api()
NAMESPACE = "default"


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


made = core.create_namespaced_config_map(
    NAMESPACE, client.V1ConfigMap(metadata=client.V1ObjectMeta(name="py", labels={"from": "py"}), data={"a": "1"})
)
check("create answers with a uid", bool(made.metadata.uid))
check("create twice is a conflict", code_of(core.create_namespaced_config_map, NAMESPACE, made) in (400, 409))

core.patch_namespaced_config_map("py", NAMESPACE, {"data": {"b": "2"}})
check("strategic patch merges", core.read_namespaced_config_map("py", NAMESPACE).data == {"a": "1", "b": "2"})
check("list by label", len(core.list_namespaced_config_map(NAMESPACE, label_selector="from=py").items) == 1)

events = watch.Watch()
types = []
version = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
core.patch_namespaced_config_map("py", NAMESPACE, {"data": {"b": "3"}})
core.delete_namespaced_config_map("py", NAMESPACE)
for event in events.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=version, timeout_seconds=20):
    types.append(event["type"])
    if event["type"] == "DELETED":
        events.stop()
check("watch from a version", types == ["MODIFIED", "DELETED"])
check("reading what is gone", code_of(core.read_namespaced_config_map, "py", NAMESPACE) == 404)

apps.create_namespaced_deployment(
    NAMESPACE,
    {
        "metadata": {"name": "py"},
        "spec": {
            "selector": {"matchLabels": {"app": "py"}},
            "template": {
                "metadata": {"labels": {"app": "py"}},
                "spec": {"containers": [{"name": "app", "image": "app:1"}]},
            },
        },
    },
)
apps.patch_namespaced_deployment_scale("py", NAMESPACE, {"spec": {"replicas": 4}})
check("scale subresource", apps.read_namespaced_deployment("py", NAMESPACE).spec.replicas == 4)
apps.delete_namespaced_deployment("py", NAMESPACE, propagation_policy="Background")

check("version", client.VersionApi().get_code().major == "1")
check("groups", "apps" in [group.name for group in client.ApisApi().get_api_versions().groups])
