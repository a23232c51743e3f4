// Reads the golden files of tests/golden: safetensors as plain vectors, JSON as values.
#pragma once

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/base/json.h"
#include "shared/weights/safetensors.h"

namespace palimpsest {

inline std::string read_golden_bytes(const std::string& name) {
  std::ifstream stream(std::string(PALIMPSEST_TEST_DATA) + "/" + name, std::ios::binary);
  if (!stream) throw std::runtime_error("golden file " + name + " cannot be opened");
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

inline Json read_golden_json(const std::string& name) {
  return parse_json(read_golden_bytes(name)).value_or_throw();
}

/// One golden safetensors file, owned.
class GoldenFile {
 public:
  explicit GoldenFile(const std::string& name)
      : bytes_(read_golden_bytes(name)), view_(std::as_bytes(std::span(bytes_)), name) {}
  GoldenFile(const GoldenFile&) = delete;
  GoldenFile& operator=(const GoldenFile&) = delete;

  const SafetensorsView& source() const { return view_; }
  bool has(const std::string& name) const { return view_.find(name) != nullptr; }
  const HostView& view(const std::string& name) const {
    const HostView* found = view_.find(name);
    if (found == nullptr) throw std::runtime_error("golden tensor " + name + " is missing");
    return *found;
  }
  std::int64_t dim(const std::string& name, int axis) const { return view(name).shape[axis]; }

  /// Elements as they are stored; T has the size of the dtype.
  template <typename T>
  std::vector<T> values(const std::string& name) const {
    const HostView& tensor = view(name);
    std::vector<T> out(static_cast<std::size_t>(tensor.shape.element_count()));
    if (out.size() * sizeof(T) != tensor.bytes.size()) throw std::runtime_error("golden tensor " + name + ": dtype");
    std::memcpy(out.data(), tensor.bytes.data(), tensor.bytes.size());
    return out;
  }
  /// f32 or bf16 elements as f32.
  std::vector<float> floats(const std::string& name) const {
    if (view(name).dtype != DType::bf16) return values<float>(name);
    std::vector<float> out;
    for (const std::uint16_t bits : values<std::uint16_t>(name)) out.push_back(float_from_bf16(bits));
    return out;
  }
  /// The JSON configuration that the file carries for tests.
  Json config() const {
    for (const auto& [key, value] : view_.metadata()) {
      if (key == "golden.config") return parse_json(*value.as_string()).value_or_throw();
    }
    throw std::runtime_error("golden file without golden.config");
  }

 private:
  std::string bytes_;
  SafetensorsView view_;
};

}  // namespace palimpsest
