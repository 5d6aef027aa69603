"""The server's own Predict messages are the official ones, byte for byte, in both directions."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2 as official

from segue.tfserving.v1 import predict_pb2 as own
from segue_server.engines import tensors

TENSORS = {
    "int_rows": (tensors.int_rows((1, 2, 3), (4, 5, -1)), np.array([[1, 2, 3], [4, 5, -1]])),
    "ints": (tensors.ints(7, 8), np.array([7, 8])),
    "int_scalar": (tensors.int_scalar(3), np.array(3)),
    "bools": (tensors.bools(True, False), np.array([True, False])),
    "float_row": (tensors.float_row((0.5, 120.25)), np.array([[0.5, 120.25]])),
    "string_row": (tensors.string_row(("rock", "chanson française")), None),
}


@pytest.mark.parametrize("name", TENSORS)
def test_what_the_server_writes_tensorflow_reads(name: str) -> None:
    tensor, expected = TENSORS[name]
    request = own.PredictRequest(inputs={name: tensor})
    read = official.PredictRequest.FromString(request.SerializeToString())
    array = tf.make_ndarray(read.inputs[name])
    if expected is None:
        assert [text.decode() for text in array[0]] == ["rock", "chanson française"]
    else:
        np.testing.assert_array_equal(array, expected)
        assert array.dtype in (np.int32, np.float32, np.bool_)


@pytest.mark.parametrize("packed", [True, False], ids=["tensor_content", "typed values"])
def test_what_tensorflow_writes_the_server_reads(packed: bool) -> None:
    def proto(values: object, dtype: tf.DType) -> own.TensorProto:
        array = np.array(values, dtype.as_numpy_dtype)
        written = tf.make_tensor_proto(array) if packed else tf.make_tensor_proto(values, dtype)
        return own.TensorProto.FromString(written.SerializeToString())

    assert tensors.read_ints(proto([[1, 2], [3, -1]], tf.int32)) == [1, 2, 3, -1]
    assert tensors.read_floats(proto([0.5, -2.0], tf.float32)) == [0.5, -2.0]
    assert tensors.read_bools(proto([True, False, True], tf.bool)) == [True, False, True]
    assert tensors.shape_of(proto([[1, 2], [3, -1]], tf.int32)) == (2, 2)
    assert tensors.read_string(proto("{}", tf.string)) == "{}"


def test_a_last_value_stands_for_all_that_follow() -> None:
    shape = own.TensorShapeProto(dim=[own.TensorShapeProto.Dim(size=4)])
    tensor = own.TensorProto(dtype=own.DATA_TYPE_INT32, tensor_shape=shape, int_val=[5, -1])
    assert tensors.read_ints(tensor) == [5, -1, -1, -1]


@pytest.mark.parametrize(
    "tensor",
    [
        own.TensorProto(dtype=own.DATA_TYPE_FLOAT, float_val=[1.0]),
        own.TensorProto(
            dtype=own.DATA_TYPE_INT32,
            tensor_shape=own.TensorShapeProto(dim=[own.TensorShapeProto.Dim(size=2)]),
            int_val=[1, 2, 3],
        ),
        own.TensorProto(
            dtype=own.DATA_TYPE_INT32,
            tensor_shape=own.TensorShapeProto(dim=[own.TensorShapeProto.Dim(size=2)]),
        ),
    ],
    ids=["another type", "too many values", "no values"],
)
def test_what_is_no_int_tensor_is_refused(tensor: own.TensorProto) -> None:
    with pytest.raises(ValueError, match=r"instead of|elements"):
        tensors.read_ints(tensor)


def test_the_model_spec_is_the_official_one() -> None:
    spec = own.ModelSpec(name="content", signature_name="recommend_songs")
    spec.version.value = 7
    request = own.PredictRequest(model_spec=spec, output_filter=["recom_songs_ids"])
    read = official.PredictRequest.FromString(request.SerializeToString())
    assert read.model_spec.name == "content"
    assert read.model_spec.version.value == 7
    assert read.model_spec.signature_name == "recommend_songs"
    assert list(read.output_filter) == ["recom_songs_ids"]
    back = own.PredictRequest.FromString(read.SerializeToString())
    assert back == request
