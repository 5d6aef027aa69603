#!/usr/bin/env bash
# Compile the contract into protos/gen: messages, stubs, type stubs, Envoy's descriptor set and the
# OpenAPI document of its JSON.
set -euo pipefail
cd "$(dirname "$0")/../protos"
python=../.venv/bin/python
site=$($python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')

# The plugins are looked up on the path.
PATH="$(cd .. && pwd)/.tools/bin:$(cd ../.venv/bin && pwd):$PATH"
command -v protoc-gen-openapi >/dev/null || {
  echo 'protoc-gen-openapi is not installed: `make system` says how' >&2
  exit 1
}

# Google's own files, where `buf` can see them.
rm -rf third_party gen/segue
for file in google/api/annotations google/api/http google/rpc/error_details google/rpc/status; do
  mkdir -p "third_party/$(dirname "$file")"
  cp "$site/$file.proto" "third_party/$file.proto"
done

compile() { $python -m grpc_tools.protoc -I . -I third_party "$@"; }
compile --python_out=gen --mypy_out=quiet:gen segue/tfserving/v1/*.proto
compile --python_out=gen --mypy_out=quiet:gen --grpc_python_out=gen --mypy_grpc_out=quiet:gen \
  segue/v1/*.proto
# Errors travel as error_details, which no message of the contract names: without them in the set
# Envoy drops the details and sends an empty body.
compile --include_imports --include_source_info --descriptor_set_out=gen/segue/v1/segue.binpb \
  segue/v1/*.proto google/rpc/error_details.proto
# Messages without a service leave an empty stub file behind.
rm -f gen/segue/v1/{song,playlist}_pb2_grpc.py*

# The generator wants Go packages; the files of one OpenAPI package have the same.
generated=$(mktemp -d)
trap 'rm -r "$generated"' EXIT
compile --openapi_out="$(printf 'M%s=segue/v1,' segue/v1/*.proto)naming=json,enum_type=string,default_response=false:$generated" \
  segue/v1/*.proto
PYTHONPATH=../tools $python -m openapi "$generated/openapi.yaml" gen/segue/v1/segue.binpb \
  >gen/segue/v1/openapi.json

for package in gen/segue/v1 gen/segue/tfserving/v1; do
  touch "$package/py.typed" "$package/__init__.py"
done
