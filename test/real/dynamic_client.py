"""Python's dynamic client on custom objects: discovery, writes in every way, watches. Prints `ok …` for each check, then `done`."""

import sys

from kubernetes import config
from kubernetes.client import api_client
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import NotFoundError

namespace = "default"


def pot(name, **spec):
    return {
        "apiVersion": "potters.example.com/v1",
        "kind": "Pot",
        "metadata": {"name": name, "labels": {"from": "python"}},
        "spec": {"clay": "red", **spec},
    }


def main(kubeconfig):
    client = DynamicClient(config.new_client_from_config(config_file=kubeconfig))
    pots = client.resources.get(api_version="potters.example.com/v1", kind="Pot")
    assert pots.namespaced and "pt" in (pots.short_names or [])
    print("ok it finds the kind")

    made = pots.create(body=pot("dynamic"), namespace=namespace)
    assert made.spec.size == 1, made
    print("ok create fills in defaults")

    try:
        pots.create(body=pot("bad", size=0), namespace=namespace)
        raise AssertionError("a bad object was accepted")
    except ApiException as error:
        assert error.status == 422 and "spec.size" in error.body, error
    print("ok a bad object is refused")

    pots.patch(body={"spec": {"size": 2}}, name="dynamic", namespace=namespace, content_type="application/merge-patch+json")
    applied = pots.server_side_apply(body=pot("dynamic", glaze="blue"), name="dynamic", namespace=namespace, field_manager="python", force_conflicts=True)
    assert applied.spec.size == 2 and applied.spec.glaze == "blue", applied
    assert any(entry.manager == "python" and entry.operation == "Apply" for entry in applied.metadata.managedFields)
    print("ok patch and apply")

    pots.status.patch(body={"status": {"shape": "oval"}}, name="dynamic", namespace=namespace, content_type="application/merge-patch+json")
    assert pots.get(name="dynamic", namespace=namespace).status.shape == "oval"
    print("ok its status")

    listed = pots.get(namespace=namespace, label_selector="from=python")
    assert [item.metadata.name for item in listed.items] == ["dynamic"]
    seen = []
    pots.patch(body={"spec": {"size": 3}}, name="dynamic", namespace=namespace, content_type="application/merge-patch+json")
    pots.delete(name="dynamic", namespace=namespace)
    for event in pots.watch(namespace=namespace, resource_version=listed.metadata.resourceVersion, timeout=20, label_selector="from=python"):
        seen.append((event["type"], event["object"].spec.size))
        if event["type"] == "DELETED":
            break
    assert seen == [("MODIFIED", 3), ("DELETED", 3)], seen
    print("ok list and watch")

    try:
        pots.get(name="dynamic", namespace=namespace)
        raise AssertionError("it is still there")
    except NotFoundError:
        pass
    print("ok deleted")
    print("done")


main(sys.argv[1])
