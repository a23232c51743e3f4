// Any bytes as a picture file: refused, or a sound picture within the limits.
#include "native/imaging/decode.h"
#include "native/imaging/encode.h"
#include "shared/base/error.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace palimpsest;
  const std::string_view file = testing::text_of(data, size);
  const DecodeLimits limits = {.max_pixels = 1'000'000, .max_side = 4'096};
  try {
    const DecodedImage decoded = decode_image(file, Alpha::keep, limits);
    const Image& image = decoded.image;
    testing::promise(image.is_consistent() && image.channels >= 3);
    testing::promise(std::int64_t{image.width} * image.height <= limits.max_pixels);
    testing::promise(probe_image(file).format == decoded.info.format);
  } catch (const PalimpsestError& error) {
    testing::promise(!error.error().code.empty() && !error.error().message.empty());
  }
  try {
    read_png_text(file);
  } catch (const PalimpsestError& error) {
    testing::promise(!error.error().code.empty());
  }
  return 0;
}
