#pragma once

#include <string>

#include "shared/base/json.h"
#include "shared/catalog/catalog.h"

namespace palimpsest {

/// A parameter as a JSON Schema of OpenAPI 3.1; null is allowed and means the default.
Json json_schema(const Parameter& parameter);

/// The server's description in OpenAPI 3.1, with the request bodies made from the catalogue.
Json openapi_document(const Catalog& catalog, const std::string& version);

}  // namespace palimpsest
