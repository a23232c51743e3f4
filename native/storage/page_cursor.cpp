#include "native/storage/page_cursor.h"

#include <charconv>

#include "native/storage/random_id.h"

namespace palimpsest {

Result<std::optional<PageCursor>> parse_page_cursor(const std::string& text) {
  if (text.empty()) return std::optional<PageCursor>();
  PageCursor cursor;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, cursor.created_ms);
  if (problem == std::errc() && stop != end && *stop == '-') {
    cursor.id.assign(stop + 1, end);
    if (is_random_id(cursor.id)) return std::optional(std::move(cursor));
  }
  return Error{std::string(codes::kInvalidValue), "cursor is not one that a list returned", "cursor"};
}

}  // namespace palimpsest
