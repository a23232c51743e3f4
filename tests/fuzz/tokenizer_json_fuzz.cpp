#include "shared/base/error.h"
#include "tests/fuzz/tokenizer_promises.h"

using namespace palimpsest;
using namespace palimpsest::testing;

/// Read as both kinds of tokenizer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  try {
    check_tokenizer(ClipBpeTokenizer::from_tokenizer_json(text));
  } catch (const PalimpsestError&) {
    // a refusal
  }
  try {
    check_tokenizer(T5UnigramTokenizer::from_tokenizer_json(text));
  } catch (const PalimpsestError&) {
    // a refusal
  }
  return 0;
}
