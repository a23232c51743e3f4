#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/error.h"
#include "shared/base/json.h"
#include "shared/base/utf8.h"

namespace palimpsest {

/// The code of every refusal of a tokenizer file.
inline constexpr std::string_view kTokenizerInvalid = "TOKENIZER_INVALID";

/// Far above every published vocabulary, far below what could exhaust memory.
inline constexpr std::size_t kMaxVocabularyTokens = 1'000'000;
inline constexpr std::size_t kMaxTokenBytes = 512;
inline constexpr std::size_t kMaxTokenizerFileBytes = std::size_t{64} << 20;

/// Throws TOKENIZER_INVALID: "[tokenizer] part: problem".
[[noreturn]] inline void refuse_tokenizer(const std::string& part, const std::string& problem) {
  fail(kTokenizerInvalid, "[tokenizer] " + part + ": " + problem);
}

/// Text of a file in quotes, fit for a message.
inline std::string quoted(std::string_view text) {
  return "'" + printable(text, 60) + "'";
}

/// A tokenizer's JSON file read within the limits above.
inline Json parse_tokenizer_json(const std::string& part, std::string_view text) {
  const JsonLimits limits{.max_bytes = kMaxTokenizerFileBytes, .max_depth = 32, .max_values = 4 * kMaxVocabularyTokens};
  Result<Json> json = parse_json(text, limits);
  if (!json) refuse_tokenizer(part, json.error().message);
  if (!json->is_object()) refuse_tokenizer(part, "the file is not a JSON object");
  return *std::move(json);
}

}  // namespace palimpsest
