#include "shared/base/error.h"
#include "tests/fuzz/tokenizer_promises.h"

using namespace palimpsest;
using namespace palimpsest::testing;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    check_tokenizer(T5UnigramTokenizer::from_spiece_model(text_of(data, size)));
  } catch (const PalimpsestError&) {
    // a refusal
  }
  return 0;
}
