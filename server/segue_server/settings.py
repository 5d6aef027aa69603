"""Everything that can be set, read from the environment once, checked at the start."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from segue_server.traffic_settings import EngineName, Model, TrafficSettings, host_and_port

Address = Annotated[str, AfterValidator(host_and_port)]
Seconds = Annotated[float, Field(gt=0, le=60)]


class Settings(BaseSettings):
    """The settings of the server; each is the environment variable SEGUE_ and its name."""

    model_config = SettingsConfigDict(env_prefix="SEGUE_", frozen=True, extra="forbid")

    listen: Address = Field(default="127.0.0.1:50051", description="HOST:PORT to serve gRPC on")
    model_server: Address = Field(
        default="127.0.0.1:8500", description="HOST:PORT of TensorFlow Serving's gRPC"
    )
    engines: dict[EngineName, Model] = Field(
        default={"content": "content", "popular": "popular"},
        description="engine names and the models they rank by, as JSON",
        min_length=1,
    )
    default_engine: str = Field(
        default="content", description="the engine of requests that name none"
    )
    traffic_file: Path | None = Field(
        default=None,
        description="a file with engines, default and experiment, which may change at run time; "
        "SEGUE_ENGINES and SEGUE_DEFAULT_ENGINE count without one",
    )
    token_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="what attribution tokens are signed with; drawn at the start when not set",
    )
    catalog_url: SecretStr = Field(
        default=SecretStr("sqlite:///segue.db"),
        description="SQLAlchemy URL of the catalog's database",
    )
    catalog_connections: int = Field(
        default=4, ge=1, le=64, description="connections, and threads, to the database"
    )
    activity_url: SecretStr = Field(
        default=SecretStr("sqlite:///segue-activity.db"),
        description="SQLAlchemy URL of the database of what listeners keep and do",
    )
    activity_connections: int = Field(
        default=4, ge=1, le=64, description="connections, and threads, to that database"
    )
    event_connections: int = Field(
        default=2, ge=1, le=64, description="as many more, which events alone are written over"
    )
    user_header: str = Field(
        default="",
        pattern=r"^[a-z0-9._-]*$",
        description="the header in which a proxy tells whose a call is, and which it takes away "
        "from callers; without one everybody is a visitor",
    )
    deadline: Seconds = Field(
        default=2.0, description="seconds for a call whose caller set no deadline"
    )
    grace: Seconds = Field(default=10.0, description="seconds that running calls get at the stop")
    max_concurrent_calls: int = Field(
        default=512, ge=1, description="calls served at once; more are refused"
    )
    max_watchers: int = Field(
        default=5_000, ge=1, description="playlists watched at once; more are refused"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least severe line logged"
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="one object a line, or text for people"
    )

    def printable(self) -> dict[str, object]:
        """Return the settings as JSON values, without the passwords of the databases' URLs."""
        urls = {
            "catalog_url": _shown(self.catalog_url),
            "activity_url": _shown(self.activity_url),
        }
        return self.model_dump(mode="json") | urls

    @property
    def traffic(self) -> TrafficSettings:
        """The traffic when no file tells another."""
        return TrafficSettings(engines=self.engines, default=self.default_engine)

    @model_validator(mode="after")
    def _default_exists(self) -> "Settings":
        if self.traffic_file is None and self.default_engine not in self.engines:
            raise ValueError(
                f"SEGUE_DEFAULT_ENGINE: {self.default_engine!r} is not in SEGUE_ENGINES"
            )
        return self


def _shown(url: SecretStr) -> str:
    shown = re.sub(r"(//[^:/@]*):.*@", r"\1:***@", url.get_secret_value())
    return re.sub(r"([?&]passw(?:or)?d=)[^&]*", r"\1***", shown)
