#pragma once

#include <optional>
#include <string>

#include "native/storage/storage.h"
#include "shared/base/result.h"

namespace palimpsest {

/// Where a page of a list, newest first, ended. Text form: `1700000000000-id`.
struct PageCursor {
  UnixMillis created_ms = 0;
  std::string id;

  std::string text() const { return std::to_string(created_ms) + "-" + id; }
};

/// Reads the text form; empty text is no cursor, the start of the list. Errors: `invalid_value` with param `cursor`.
Result<std::optional<PageCursor>> parse_page_cursor(const std::string& text);

/// The entries a list may return at once; lists clamp what is asked for to it.
inline constexpr int kMaxPage = 200;

}  // namespace palimpsest
