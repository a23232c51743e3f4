#pragma once

#include <string>

#include "shared/api/generation_request.h"

namespace palimpsest {

enum class SnippetLanguage {
  curl,        ///< for a POSIX shell
  javascript,  ///< with the `openai` package, for Node
  python,      ///< with the `openai` package
};

struct SnippetOptions {
  std::string base_url = "http://127.0.0.1:7801/v1";
  bool needs_key = false;  ///< the key is read from OPENAI_API_KEY and is never in the text
};

/// A program that sends the request: for text to image the JSON of to_json_body, for an edit the form of
/// to_form_fields with pictures read from files of their names ("input.png" where they have none).
std::string snippet(const GenerationRequest& request, const Catalog& catalog, SnippetLanguage language,
                    const SnippetOptions& options = {});

}  // namespace palimpsest
