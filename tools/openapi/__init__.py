"""Completes the OpenAPI document of the contract with what its generator leaves out.

`protoc-gen-openapi` knows paths, parameters and shapes. The descriptor set knows more: which fields
are always there, what each value of an enumeration means, which calls share a path; and the
comments of the contract state limits and errors in fixed words.
"""
