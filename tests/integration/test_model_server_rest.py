"""The embedded model server's REST API, in the forms that TensorFlow Serving documents."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping

import numpy as np
import pytest
import tensorflow as tf

import segue_signature as sig
from integration.model_server_fixtures import ModelServer, shared
from segue_model.serving import rest_json
from segue_model.serving.errors import ServingError
from segue_model.serving.servable import Signature
from segue_model.serving.tensors import Spec
from segue_model.serving.untyped import Json

PREDICT = "/v1/models/toy:predict"
FLAT = {"signature_name": sig.RECOMMEND}


@pytest.fixture(scope="module")
def server() -> ModelServer:
    return shared().server


def call(server: ModelServer, path: str, body: Json = None) -> tuple[int, Json]:
    """Return status and JSON of a GET, or of a POST when there is a body."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    url = f"http://127.0.0.1:{server.rest_port}{path}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=20) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_columns_in_columns_out(server: ModelServer) -> None:
    inputs = {sig.LISTENED_SONGS: [5, 15], sig.NO_RECOM_SONGS: 2}
    assert call(server, PREDICT, {**FLAT, "inputs": inputs}) == (
        200,
        {
            "outputs": {
                sig.RECOM_SONGS_IDS: [1020, 1021],
                sig.RECOM_SONGS_SCORES: [102.0, 102.1],
            }
        },
    )


def test_rows_in_rows_out(server: ModelServer) -> None:
    rows = [
        {"listened_songs": [5, 15], "no_recom_songs": 2, "excluded_songs": [1], "genres": ["pop"]},
        {"listened_songs": [7, -1], "no_recom_songs": 1, "excluded_songs": [2], "genres": [""]},
    ]
    status, answer = call(
        server, PREDICT, {"signature_name": sig.RECOMMEND_BATCHED, "instances": rows}
    )
    assert status == 200
    ids = [row[sig.RECOM_SONGS_IDS] for row in answer["predictions"]]
    assert ids == [[919, 920], [1005, -1]]
    assert answer["predictions"][1][sig.LISTENED_SONGS_KNOWN] == [True, False]


def test_a_single_input_and_output_need_no_name(server: ModelServer) -> None:
    body = {"signature_name": sig.DESCRIBE, "inputs": 1}
    assert call(server, PREDICT, body) == (200, {"outputs": '{"schema": 1}'})


@pytest.mark.parametrize("path", ["/versions/1", "/labels/stable"])
def test_a_version_is_chosen_by_the_path(server: ModelServer, path: str) -> None:
    body = {"signature_name": sig.DESCRIBE, "inputs": {"schema": 1}}
    assert call(server, f"/v1/models/pair{path}:predict", body)[0] == 200
    status, metadata = call(server, f"/v1/models/pair{path}/metadata")
    assert (status, metadata["model_spec"]["version"]) == (200, "1")
    assert sig.RECOMMEND in metadata["metadata"]["signature_def"]["signature_def"]


def test_the_status_reads_as_the_original_prints_it(server: ModelServer) -> None:
    state = {
        "version": "1",
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    expected = (200, {"model_version_status": [state]})
    assert call(server, "/v1/models/toy") == expected
    assert call(server, "/v1/models/toy/versions/1") == expected


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("/v1/models/none", None, 404, "Could not find any versions of model none"),
        ("/v1/models/toy/versions/7", None, 404, "Could not find version 7 of model toy"),
        ("/v1/models/toy/versions/7/metadata", None, 404, "Specific(toy, 7)"),
        ("/v1/nope", None, 400, "Malformed request: GET /v1/nope"),
        (f"/v1/models/toy/versions/{2**63}", None, 400, "Failed to convert version"),
        ("/v1/models/none:predict", {"inputs": 1}, 404, "Latest(none)"),
        ("/v1/models/toy:classify", {}, 501, "classify"),
        ("/v1/models/toy", {}, 400, "Malformed request: POST"),
        ("/v1/models/pair/labels/none:predict", {"inputs": 1}, 400, "label: none"),
        (PREDICT, b"{", 400, "JSON Parse error"),
        (PREDICT, b"\xff", 400, "JSON Parse error"),
        (PREDICT, b"[" * 100_000, 400, "JSON Parse error"),
        (PREDICT, b"[1]", 400, "not an object"),
        (PREDICT, {"signature_name": 1, "inputs": 1}, 400, "must be a string"),
        (PREDICT, {"signature_name": "nope", "inputs": 1}, 400, '"nope" not found'),
        (PREDICT, {**FLAT}, 400, "'inputs' and 'instances'"),
        (PREDICT, {**FLAT, "inputs": 1, "instances": [1]}, 400, "'inputs' and 'instances'"),
        (PREDICT, {**FLAT, "inputs": [1]}, 400, "named tensors"),
        (PREDICT, {**FLAT, "instances": []}, 400, "at least one"),
        (PREDICT, {**FLAT, "instances": [{}]}, 400, "keys must be equal to"),
        (PREDICT, {**FLAT, "inputs": {"listened_songs": [1]}}, 400, "{no_recom_songs}"),
        (b"too large", b" " * (17 * 2**20), 413, "larger than"),
    ],
)
def test_a_wrong_request_is_refused_with_the_reason(
    server: ModelServer, path: str, body: Json, status: int, text: str
) -> None:
    got, answer = call(server, path if isinstance(path, str) else PREDICT, body)
    assert (got, list(answer), text in answer["error"]) == (status, ["error"], True), answer


def signature(**inputs: Spec) -> Signature:
    return Signature("toy", inputs, {}, {}, in_rows=False, run=lambda: ())


def read(document: Mapping[str, Json], wanted: Signature) -> dict[str, Json]:
    parsed = rest_json.parse(json.dumps(document).encode())
    return {name: array.tolist() for name, array in parsed.inputs(wanted).items()}


@pytest.mark.parametrize(
    ("spec", "value", "expected"),
    [
        (Spec(tf.string, (None,)), ["a", {"b64": "AP8="}], [b"a", b"\x00\xff"]),
        (Spec(tf.string, ()), {"b64": "AP8="}, b"\x00\xff"),
        (Spec(tf.float32, (None,)), [1, 0.5], [1.0, 0.5]),
        (Spec(tf.bool, (None,)), [True], [True]),
        (Spec(tf.int32, (None, None)), [[], []], [[], []]),
        (Spec(tf.int64, None), 2**40, 2**40),
    ],
)
def test_json_values_become_the_tensor_of_the_signature(
    spec: Spec, value: Json, expected: Json
) -> None:
    assert read({"inputs": value}, signature(x=spec)) == {"x": expected}
    assert read({"inputs": {"x": value}}, signature(x=spec)) == {"x": expected}


@pytest.mark.parametrize(
    ("spec", "value", "text"),
    [
        (Spec(tf.int32, (None,)), [1.0], "1.0 is not of expected type: int32"),
        (Spec(tf.int32, (None,)), [True], "true is not of expected type"),
        (Spec(tf.int32, (None,)), [2**31], "int32"),
        (Spec(tf.int32, (None,)), [1, [2]], "a list where a value is expected"),
        (Spec(tf.int32, None), [[1], [2, 3]], "a list of 1"),
        (Spec(tf.int32, ()), [1], "must be of shape []"),
        (Spec(tf.bool, ()), 1, "not of expected type: bool"),
        (Spec(tf.string, ()), 1, "not of expected type: string"),
        (Spec(tf.string, ()), {"b64": "?"}, "base64"),
        (Spec(tf.int32, None), json.loads("[" * 40 + "]" * 40), "nested deeper"),
    ],
)
def test_json_values_that_do_not_fit_are_refused(spec: Spec, value: Json, text: str) -> None:
    with pytest.raises(ServingError) as caught:
        read({"inputs": {"x": value}}, signature(x=spec))
    assert 'input "x"' in caught.value.message
    assert text in caught.value.message


def test_plain_rows_are_the_only_input() -> None:
    only = signature(x=Spec(tf.int32, (None, None)))
    assert read({"instances": [[1, 2], [3, 4]]}, only) == {"x": [[1, 2], [3, 4]]}
    with pytest.raises(ServingError, match="mixed"):
        read({"instances": [[1], {"x": [2]}]}, only)


def test_numbers_and_bytes_are_written_as_the_original_writes_them() -> None:
    outputs = {
        "f": np.array([0.2, 1, np.nan], np.float32),
        "raw_bytes": np.array([b"\xff", b"a", b""], object),
        "text": np.array(["ä".encode(), b"a", b""], object),
    }
    answer = rest_json.answer(outputs, rows=True)
    assert json.dumps(answer["predictions"][0]) == json.dumps(
        {"f": 0.2, "raw_bytes": {"b64": base64.b64encode(b"\xff").decode()}, "text": "ä"}
    )
    assert '"f": NaN' in json.dumps(answer["predictions"][2])


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        ({"x": np.array(1)}, "no shape information"),
        ({"x": np.zeros(2), "y": np.zeros(3)}, "inconsistent batch sizes"),
        ({"x": np.array([b"\xff"], object)}, "not UTF-8"),
        ({"x": np.zeros(1, np.complex64)}, "complex64"),
    ],
)
def test_outputs_that_are_no_rows_are_refused(
    outputs: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]], text: str
) -> None:
    with pytest.raises(ServingError, match=text):
        rest_json.answer(outputs, rows=True)
