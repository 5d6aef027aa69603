"""How the client holds its connection: what is tried again, how long, and how it stays open."""

import json
from typing import Final

import grpc

# Only UNAVAILABLE: the server did nothing then, and another one may answer. When many calls fail,
# the throttle stops trying again, so that clients do not keep a server down that is coming up.
SERVICE_CONFIG: Final = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 3,
                "initialBackoff": "0.05s",
                "maxBackoff": "0.5s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
}

OPTIONS: Final = (
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
    # A dead connection is noticed while a call waits on it; an idle one is left in peace.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 0),
    # A hundred songs explained by a thousand each are 3 MiB; a batch of them is more.
    ("grpc.max_receive_message_length", 16 << 20),
)


def open_channel(target: str, credentials: grpc.ChannelCredentials | None) -> grpc.Channel:
    """Return a channel that connects when first used; plain text without credentials."""
    if credentials is None:
        return grpc.insecure_channel(target, options=OPTIONS)
    return grpc.secure_channel(target, credentials, options=OPTIONS)
