#include "shared/verify/golden_values.h"

#include "shared/weights/float_values.h"

namespace palimpsest {
namespace {

[[noreturn]] void refuse(const std::string& problem) {
  fail("golden_invalid", "the golden file " + problem);
}

}  // namespace

const HostView& golden_view(const TensorSource& golden, const std::string& name) {
  const HostView* view = golden.find(name);
  if (view == nullptr) fail("MODEL_TENSOR_MISSING", golden.description() + ": " + name + " is missing");
  return *view;
}

std::vector<float> golden_floats(const TensorSource& golden, const std::string& name) {
  return float_values(golden_view(golden, name));
}

Image golden_image(const TensorSource& golden, const std::string& name) {
  const Shape& shape = golden_view(golden, name).shape;
  if (shape.rank() != 3 || shape[2] != 3 || shape[0] > 16384 || shape[1] > 16384)
    fail("MODEL_ARCH_MISMATCH", name + " " + shape.to_string() + " is no RGB picture");
  Image image;
  image.width = static_cast<int>(shape[1]);
  image.height = static_cast<int>(shape[0]);
  image.pixels = stored_values<std::uint8_t>(golden, name, DType::u8);
  return image;
}

std::vector<std::string> name_parts(std::string_view name) {
  std::vector<std::string> parts(1);
  for (const char c : name) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::int64_t number_in(const std::string& text) {
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > INT64_MAX / 10 - 1) refuse("names a tensor by \"" + text + "\", no number");
    value = value * 10 + (c - '0');
  }
  if (text.empty()) refuse("names a tensor without its number");
  return value;
}

const Json& golden_member(const Json& object, std::string_view key) {
  const Json* member = object.find(key);
  if (member == nullptr) refuse("lacks \"" + std::string(key) + "\"");
  return *member;
}

const Json::Array& golden_array(const Json& json) {
  if (!json.is_array()) refuse("has another value where a list belongs");
  return *json.as_array();
}

std::int64_t golden_integer(const Json& json) {
  std::int64_t value = 0;
  if (!json.to_int64(value)) refuse("has another value where an integer belongs");
  return value;
}

std::vector<std::int64_t> golden_integers(const Json& array) {
  std::vector<std::int64_t> values;
  for (const Json& entry : golden_array(array)) values.push_back(golden_integer(entry));
  return values;
}

ImageSize golden_size(const Json& pair) {
  const std::vector<std::int64_t> sides = golden_integers(pair);
  if (sides.size() != 2 || sides[0] < 1 || sides[1] < 1 || sides[0] > 1'000'000 || sides[1] > 1'000'000)
    refuse("has another value where a size belongs");
  return {static_cast<int>(sides[0]), static_cast<int>(sides[1])};
}

}  // namespace palimpsest
