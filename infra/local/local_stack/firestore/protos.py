"""The plain protobuf classes of google.firestore.v1, taken out of the client library's proto-plus wrappers.

The wrappers are an order of magnitude slower, and the library ships no generated stubs, hence the `Any`
types: the aliases say which message is meant, mypy cannot check its fields.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from google.cloud.firestore_v1.types import common, document, firestore, query, write

Value: TypeAlias = Any
Document: TypeAlias = Any
Write: TypeAlias = Any
WriteResult: TypeAlias = Any
Filter: TypeAlias = Any
StructuredQuery: TypeAlias = Any
Timestamp: TypeAlias = Any
Request: TypeAlias = Any
Response: TypeAlias = Any


def _plain(wrapper: Any) -> Any:
    return type(wrapper.pb(wrapper()))


new_value = _plain(document.Value)
new_document = _plain(document.Document)
new_write_result = _plain(write.WriteResult)
new_query = _plain(query.StructuredQuery)
new_document_mask = _plain(common.DocumentMask)

FieldOperator = query.StructuredQuery.FieldFilter.Operator
UnaryOperator = query.StructuredQuery.UnaryFilter.Operator
CompositeOperator = query.StructuredQuery.CompositeFilter.Operator
DESCENDING = int(query.StructuredQuery.Direction.DESCENDING)


def message_class(name: str) -> Any:
    """The class of a request or response, such as `CommitRequest`."""
    return _plain(getattr(firestore, name))
