#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace palimpsest::testing {

/// The bytes of a safetensors file: length field, header as given, data.
inline std::string safetensors_file(std::uint64_t header_length, std::string_view header, std::string_view data) {
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>(static_cast<unsigned char>(header_length >> (8 * i)));
  return file.append(header).append(data);
}

inline std::string safetensors_file(std::string_view header, std::string_view data = {}) {
  return safetensors_file(header.size(), header, data);
}

/// One member of a header.
inline std::string tensor_entry(std::string_view name, std::string_view dtype, std::string_view shape,
                                std::uint64_t begin, std::uint64_t end) {
  return "\"" + std::string(name) + "\":{\"dtype\":\"" + std::string(dtype) + "\",\"shape\":" + std::string(shape) +
         ",\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

}  // namespace palimpsest::testing
