// Requests for the tests of shared/api.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "shared/api/parse_request.h"
#include "shared/image/base64.h"

namespace palimpsest::testing {

/// Bytes with a PNG's signature, which is all that requests look at.
inline std::string png_bytes(const std::string& rest = "pixels") {
  return "\x89PNG\r\n\x1a\n" + rest;
}

inline std::string png_url() {
  return "data:image/png;base64," + encode_base64(png_bytes());
}

inline ParsedRequest parse(const std::string& body, Mode mode = Mode::generate, const ParseOptions& options = {}) {
  return parse_json_request(body, mode, built_in_catalog(), options);
}

/// A request that is valid, or the test fails with its first problem.
inline GenerationRequest valid(const ParsedRequest& parsed) {
  const std::string problem = parsed.problems.empty() ? "" : parsed.problems[0].error.message;
  CAPTURE(problem);
  REQUIRE(parsed.request);
  return *parsed.request;
}

/// A JSON edit: the members given and one picture.
inline std::string edit_body(const std::string& members) {
  return "{" + members + ", \"images\": [{\"image_url\": \"" + png_url() + "\"}]}";
}

}  // namespace palimpsest::testing
