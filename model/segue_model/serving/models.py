"""The models by name: which version a request means."""

from collections.abc import Iterable, Sequence

from grpc import StatusCode

from segue_model.serving.errors import ServingError, invalid
from segue_model.serving.lifecycle import Model, Version
from segue_model.serving.untyped import Message


class Models:
    """The models that are served, which may change; a ModelSpec names one of their versions."""

    def __init__(self, models: Iterable[Model]) -> None:
        """Take models of different names."""
        self._models = {model.config.name: model for model in models}

    def named(self) -> dict[str, Model]:
        """Return all models by name."""
        return dict(self._models)

    def add(self, model: Model) -> None:
        """Serve one model more."""
        self._models[model.config.name] = model

    def remove(self, name: str) -> None:
        """Find no version of the model any more; requests in flight end on theirs."""
        del self._models[name]

    def complete(self) -> bool:
        """Tell whether every model has a version that serves."""
        return all(model.available() for model in self._models.values())

    def find(self, spec: Message) -> Version:
        """Return the version that the ModelSpec means; it serves.

        Raises NOT_FOUND when there is none, INVALID_ARGUMENT for an unknown label and
        FAILED_PRECONDITION for a label whose version does not serve.
        """
        if not spec.name:
            raise invalid("ModelSpec has no name specified.")
        choice = spec.WhichOneof("version_choice")
        model = self._models.get(spec.name)
        if choice == "version_label":
            return _labeled(model, spec.version_label)
        available = model.available() if model is not None else {}
        wanted = spec.version.value if choice == "version" else max(available, default=None)
        if model is None or wanted not in available:
            request = f"Specific({spec.name}, {wanted})" if choice else f"Latest({spec.name})"
            raise ServingError(StatusCode.NOT_FOUND, f"Servable not found for request: {request}")
        return model.version(wanted)

    def versions(self, spec: Message) -> Sequence[Version]:
        """Return the versions of the model, or the one that the ModelSpec numbers.

        Raises NOT_FOUND when there is none.
        """
        model = self._models.get(spec.name)
        known = model.versions() if model is not None else ()
        if spec.HasField("version"):
            number = spec.version.value
            known = [version for version in known if version.number == number]
            missing = f"Could not find version {number} of model {spec.name}"
        else:
            missing = f"Could not find any versions of model {spec.name}"
        if not known:
            raise ServingError(StatusCode.NOT_FOUND, missing)
        return known


def _labeled(model: Model | None, label: str) -> Version:
    if model is None or label not in model.labels:
        raise invalid(f"Unrecognized servable version label: {label}")
    number = model.labels[label]
    if number not in model.available():
        raise ServingError(
            StatusCode.FAILED_PRECONDITION,
            f"Label {label} of model {model.config.name} points to version {number}, "
            "which is not currently available for inference",
        )
    return model.version(number)
