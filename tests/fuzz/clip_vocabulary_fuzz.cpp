#include "shared/base/error.h"
#include "tests/fuzz/tokenizer_promises.h"

using namespace palimpsest;
using namespace palimpsest::testing;

/// vocab.json up to the first line break, merges.txt behind it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  try {
    check_tokenizer(ClipBpeTokenizer::from_files(text.substr(0, end), text.substr(std::min(end + 1, text.size()))));
  } catch (const PalimpsestError&) {
    // a refusal
  }
  return 0;
}
