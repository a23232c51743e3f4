#include "shared/base/json.h"
#include "shared/base/utf8.h"
#include "tests/fuzz/fuzz_input.h"

using namespace palimpsest;
using namespace palimpsest::testing;

/// What is read, is written so that it reads back equal.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const Result<Json> json = parse_json(text);
  if (!json) {
    promise(!json.error().code.empty() && !json.error().message.empty());
    return 0;
  }
  promise(first_invalid_utf8(text) == text.size());
  for (const int indent : {0, 2}) {
    const Result<Json> again = parse_json(json->dump(indent));
    promise(static_cast<bool>(again) && *again == *json);
  }
  return 0;
}
