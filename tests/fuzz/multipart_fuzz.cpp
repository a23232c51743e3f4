#include "native/server/multipart.h"
#include "tests/fuzz/fuzz_input.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

MultipartLimits small_limits() {
  MultipartLimits limits;
  limits.max_parts = 4;
  limits.max_part_headers = 3;
  limits.max_part_head_bytes = 256;
  limits.max_field_bytes = 64;
  return limits;
}

Result<MultipartForm> parse(std::string_view bytes, std::size_t piece) {
  MultipartParser parser("b", small_limits());
  for (std::size_t at = 0; at < bytes.size(); at += piece) parser.feed(bytes.substr(at, piece));
  return parser.finish();
}

}  // namespace

/// A form is read the same in whatever pieces it arrives, and within its limits; so is a Content-Type.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = text_of(data, size);
  if (const Result<std::string> boundary = multipart_boundary(bytes)) {
    promise(!boundary->empty() && boundary->size() <= 70);
  }
  const Result<MultipartForm> whole = parse(bytes, bytes.size() + 1), split = parse(bytes, 1);
  promise(static_cast<bool>(whole) == static_cast<bool>(split));
  if (!whole) return 0;
  promise(whole->parts.size() <= 4 && whole->parts.size() == split->parts.size());
  for (std::size_t i = 0; i < whole->parts.size(); ++i) {
    const FormPart &one = whole->parts[i], &other = split->parts[i];
    promise(!one.name.empty() && one.name == other.name && one.file_name == other.file_name);
    promise(one.content.read() == other.content.read());
    promise(one.file_name.has_value() || one.content.size() <= 64);
  }
  return 0;
}
