"""What the descriptor set of the contract knows and the generated document does not show."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import (
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

from openapi.paths import json_path
from openapi.texts import json_names, unwrapped

PACKAGE = "segue.v1"
# What leads to an enumeration, and to a value of one, among the comments of a file.
ENUM, VALUE = 5, 2
# The same for a message and its fields.
MESSAGE, FIELD = 4, 2
QUOTED = re.compile(r"`([A-Za-z0-9_]+)`")


@dataclass(frozen=True)
class Call:
    """A way to call a method in JSON; `number` counts the ways, from 1."""

    method: str
    number: int
    verb: str
    # The path as the contract has it.
    template: str
    request: str
    streams: bool

    @property
    def path(self) -> str:
        """The path as the document has it."""
        return json_path(self.template)


@dataclass(frozen=True)
class Field:
    """A field of a message, by its name in JSON; `message` names its type, if that is one."""

    name: str
    # Whether absence can be told from zero or emptiness.
    has_presence: bool
    is_long: bool
    message: str
    # One of several of which exactly one is present.
    is_choice: bool


@dataclass(frozen=True)
class Enum:
    """An enumeration with its comment, and its values with theirs."""

    comment: str
    values: dict[str, str]


@dataclass(frozen=True)
class Contract:
    """The calls, messages and enumerations of a descriptor set with comments."""

    files: FileDescriptorSet

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Every way to call a method."""
        return tuple(
            call
            for file in self._own()
            for service in file.service
            for method in service.method
            for call in _calls(method)
        )

    @cached_property
    def messages(self) -> dict[str, dict[str, Field]]:
        """The fields of each message, both by name."""
        return {
            message.name: {field.json_name: _field(field) for field in message.field}
            for file in self._own()
            for message in file.message_type
        }

    @cached_property
    def enums(self) -> dict[str, Enum]:
        """The enumerations by name."""
        return {
            enum.name: Enum(
                comments.get((ENUM, at), ""),
                {
                    value.name: comments.get((ENUM, at, VALUE, number), "")
                    for number, value in enumerate(enum.value)
                },
            )
            for file in self._own()
            for comments in [_comments(file)]
            for at, enum in enumerate(file.enum_type)
        }

    @cached_property
    def quoted(self) -> dict[str, frozenset[str]]:
        """The names in JSON that the comments of each message's fields quote."""
        return {
            message.name: frozenset(
                name
                for number in range(len(message.field))
                for name in QUOTED.findall(comments.get((MESSAGE, at, FIELD, number), ""))
            )
            for file in self._own()
            for comments in [_comments(file)]
            for at, message in enumerate(file.message_type)
        }

    @cached_property
    def answers(self) -> frozenset[str]:
        """The messages that answers are made of."""
        found: set[str] = set()
        new = {
            _name(method.output_type)
            for file in self._own()
            for service in file.service
            for method in service.method
        }
        while new:
            found |= new
            parts = (self.messages.get(name, {}).values() for name in new)
            new = {field.message for fields in parts for field in fields} - found - {""}
        return frozenset(found)

    def _own(self) -> Iterator[FileDescriptorProto]:
        return (file for file in self.files.file if file.package == PACKAGE)


def _calls(method: MethodDescriptorProto) -> Iterator[Call]:
    rule = method.options.Extensions[annotations_pb2.http]
    for number, one in enumerate((rule, *rule.additional_bindings), start=1):
        verb = one.WhichOneof("pattern")
        if verb is not None:
            request = _name(method.input_type)
            yield Call(
                method.name, number, verb, getattr(one, verb), request, method.server_streaming
            )


def _field(field: FieldDescriptorProto) -> Field:
    is_message = field.type == FieldDescriptorProto.TYPE_MESSAGE
    repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
    longs = (FieldDescriptorProto.TYPE_INT64, FieldDescriptorProto.TYPE_UINT64)
    return Field(
        field.json_name,
        has_presence=field.HasField("oneof_index") or (is_message and not repeated),
        is_long=field.type in longs,
        message=_name(field.type_name) if is_message else "",
        is_choice=field.HasField("oneof_index") and not field.proto3_optional,
    )


def _name(full: str) -> str:
    return full.rsplit(".", 1)[-1]


def _comments(file: FileDescriptorProto) -> dict[tuple[int, ...], str]:
    return {
        tuple(place.path): json_names(unwrapped(place.leading_comments))
        for place in file.source_code_info.location
    }
