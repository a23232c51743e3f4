#include <algorithm>

#include "shared/base/error.h"
#include "shared/weights/shard_index.h"
#include "tests/fuzz/fuzz_input.h"

using namespace palimpsest;
using namespace palimpsest::testing;

/// Shards are plain file names, whatever the index says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const ShardIndex index = parse_shard_index(text_of(data, size), "index");
    promise(std::is_sorted(index.files.begin(), index.files.end()));
    for (const std::string& file : index.files)
      promise(!file.empty() && file[0] != '.' && file.find('/') == std::string::npos &&
              file.find('\0') == std::string::npos);
    for (const auto& [tensor, file] : index.tensors) promise(file < index.files.size());
  } catch (const PalimpsestError&) {
    // a refusal
  }
  return 0;
}
