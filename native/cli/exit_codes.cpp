#include "native/cli/exit_codes.h"

#include <cctype>
#include <string_view>

namespace palimpsest {
namespace {

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

/// Refusals of files have upper-case codes (MODEL_TRUNCATED, TOKENIZER_INVALID) or begin with image_ or file_.
bool is_input_code(std::string_view code) {
  return (!code.empty() && std::isupper(static_cast<unsigned char>(code[0])) != 0) || starts_with(code, "image_") ||
         starts_with(code, "file_") || starts_with(code, "json_");
}

}  // namespace

ExitCode exit_code_of(const Error& error) {
  if (error.code == codes::kCancelled) return kExitInterrupted;
  if (error.code == codes::kOutOfMemory) return kExitMemory;
  if (error.code == "output_not_written") return kExitOutput;
  if (is_input_code(error.code)) return kExitInput;
  return error.http_status >= 500 ? kExitFailure : kExitUsage;
}

}  // namespace palimpsest
