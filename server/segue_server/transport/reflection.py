"""Server reflection in both its versions, so that every grpcurl works."""

import grpc
import grpc.aio
from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from grpc_reflection.v1alpha import reflection, reflection_pb2

SERVICE_V1 = "grpc.reflection.v1.ServerReflection"


def add_reflection(services: tuple[str, ...], server: grpc.aio.Server) -> None:
    """Offer the descriptors of `services` by grpc.reflection.v1alpha and by v1.

    The library speaks v1alpha only. The messages of v1 have the same fields with the same
    numbers, so that one servicer answers both.
    """
    _add_v1_descriptors()
    names = (*services, reflection.SERVICE_NAME, SERVICE_V1)
    servicer = reflection.aio.ReflectionServicer(names)
    reflection.enable_server_reflection(names, server)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE_V1, {"ServerReflectionInfo": handler}),)
    )


def _add_v1_descriptors() -> None:
    alpha = descriptor_pb2.FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(alpha)
    text = text_format.MessageToString(alpha).replace("v1alpha", "v1")
    file = text_format.Parse(text, descriptor_pb2.FileDescriptorProto())
    descriptor_pool.Default().Add(file)
