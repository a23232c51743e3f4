#include <string>

#include "shared/base/error.h"
#include "shared/weights/safetensors.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/support/safetensors_text.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

void check_tensors(const SafetensorsView& view, std::span<const std::byte> file) {
  for (const auto& [name, tensor] : view.tensors()) {
    promise(view.find(name) == &tensor);
    promise(tensor.bytes.data() >= file.data() &&
            tensor.bytes.data() + tensor.bytes.size() <= file.data() + file.size());
    promise(tensor.bytes.size() * 8 ==
            static_cast<std::size_t>(tensor.shape.element_count()) * static_cast<std::size_t>(bits_of(tensor.dtype)));
  }
}

void read(const std::string& file) {
  const std::span bytes = std::as_bytes(std::span(file));
  try {
    check_tensors(SafetensorsView(bytes, "file"), bytes);
  } catch (const PalimpsestError&) {
    // a refusal
  }
}

}  // namespace

/// The first byte says how much data (0 to 31 bytes) follows the header, or (255) that the input is the whole file: a
/// random length field would hide the header from the fuzzer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string rest(text_of(data + 1, size - 1));
  read(data[0] == 255 ? rest : safetensors_file(rest, std::string(data[0] % 32, 'x')));
  return 0;
}
