#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/json.h"
#include "shared/tensor/dtype.h"

namespace palimpsest {

/// What the JSON header of a safetensors file says, checked as text but not yet against the file's data. Kept in a few
/// flat arrays, so that a hostile header of many entries costs little more than its own size.
struct SafetensorsHeader {
  struct Entry {
    std::uint64_t begin = 0, end = 0;  ///< bytes of the data section
    std::uint32_t name_begin = 0, first_dim = 0;
    std::uint16_t name_length = 0;
    std::uint8_t rank = 0;
    DType dtype = DType::f32;
  };

  std::vector<Entry> entries;       ///< in the order of the file
  std::vector<std::uint64_t> dims;  ///< of all entries
  std::string names;                ///< of all entries, one behind the other
  Json::Object metadata;            ///< values are strings

  std::string_view name_of(const Entry& entry) const {
    return std::string_view(names).substr(entry.name_begin, entry.name_length);
  }
};

/// Reads the header text (the bytes behind the length field).
/// Errors: PalimpsestError `MODEL_HEADER_JSON`, `MODEL_HEADER_ENCODING`, `MODEL_DUPLICATE_KEY`,
/// `MODEL_DTYPE_UNSUPPORTED`, `MODEL_TENSOR_INFO`, `MODEL_TENSOR_NAME`, `MODEL_TENSOR_SIZE`, `MODEL_METADATA`,
/// `MODEL_LIMIT`; the message has the byte offset in the file.
/// Source: safetensors format, README of huggingface/safetensors, "Format".
SafetensorsHeader read_safetensors_header(std::string_view text);

/// Turns a problem of JSON text into the refusal of a model's file.
[[noreturn]] void refuse_json(const Error& problem, const std::string& where);

}  // namespace palimpsest
