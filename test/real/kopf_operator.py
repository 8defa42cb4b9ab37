"""An operator of kopf: handlers for creation, a changed field and deletion of its own kind."""

import kopf


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_):
    settings.persistence.finalizer = "potters.example.com/kiln"
    settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix="potters.example.com")
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix="potters.example.com")
    # What its handlers log becomes events of the object; kopf alone does so only when asked.
    settings.posting.loggers = True


@kopf.on.create("potters.example.com", "v1", "pots")
def create(spec, name, namespace, patch, **_):
    if spec["clay"] == "sand":
        raise kopf.PermanentError("sand is no clay")
    patch.status["shape"] = "round"
    return {"fired": True, "clay": spec["clay"]}


@kopf.on.field("potters.example.com", "v1", "pots", field="spec.glaze")
def glaze(old, new, patch, **_):
    patch.status["glaze"] = f"{old} to {new}"


@kopf.on.delete("potters.example.com", "v1", "pots")
def delete(name, **_):
    pass


