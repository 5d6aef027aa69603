"""The embedded model server: TensorFlow Serving's API over SavedModel folders, without containers.

told      __main__ flags config batching_parameters ports errors
loaded    versions (what is on disk), lifecycle (what serves), loading, servable, warmup
asked     models (which version), requests (what must fit), predict (the way of one request)
run       lanes (who runs when), batching (many requests as one), tensors (to arrays and back)
answered  grpc_api, rest_api, rest_json, describe
tied      app
"""
