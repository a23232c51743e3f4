#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/api/generation_request.h"
#include "shared/api/problem.h"

namespace palimpsest {

struct ParseOptions {
  std::vector<std::string> local_models = {};  ///< `local/<name>` of folders there are; for hints only
  bool allow_image_urls = false;               ///< whether the operator lets the server fetch pictures
};

/// A request, or all that is wrong with it. Warnings are there in both cases.
struct ParsedRequest {
  std::optional<GenerationRequest> request;
  std::vector<Problem> problems;
  std::vector<Warning> warnings;
};

/// Reads and checks the body of POST /images/generations (Mode::generate) or of /images/edits (Mode::edit) as JSON:
/// what the page runs before sending and the server on arrival. Nothing is thrown, whatever the text.
ParsedRequest parse_json_request(std::string_view body, Mode mode, const Catalog& catalog,
                                 const ParseOptions& options = {});

/// The same of a JSON value; the command line makes one of its options.
ParsedRequest parse_image_request(const Json& body, Mode mode, const Catalog& catalog,
                                  const ParseOptions& options = {});

/// The same of a form's fields: `image`, `image[]`, `image[0]` and `mask` are files, all else is text; empty texts
/// count as absent.
ParsedRequest parse_form_request(std::span<const FormField> fields, Mode mode, const Catalog& catalog,
                                 const ParseOptions& options = {});

/// What the provider that will answer does not honour of the request, or honours in its own way.
std::vector<Warning> provider_warnings(const GenerationRequest& request, const Catalog& catalog,
                                       std::string_view provider);

}  // namespace palimpsest
