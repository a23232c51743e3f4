#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace palimpsest {

/// Bytes as base64 with padding, in one line.  Source: RFC 4648, section 4.
std::string encode_base64(std::string_view bytes);

/// The bytes of a base64 text: the standard alphabet, padding, no white space, no bits left over.
/// Errors: `invalid_base64` with the offset of the first wrong character; `base64_too_large` where there are more than
/// `max_bytes` bytes, before any are decoded.
Result<std::string> decode_base64(std::string_view text, std::size_t max_bytes);

/// The two parts of a data URL whose data is base64.  Source: RFC 2397.
struct DataUrl {
  std::string media_type;  ///< as written, without parameters; empty where absent
  std::string bytes;
};

/// Errors: `invalid_data_url` for what does not begin as "data:…;base64,"; decode_base64's.
Result<DataUrl> decode_data_url(std::string_view url, std::size_t max_bytes);

}  // namespace palimpsest
