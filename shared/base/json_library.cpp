// All that is taken from the JSON library: reading text and writing doubles.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>

#include "shared/base/json_events.h"
#include "shared/base/json_number.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

using Library = nlohmann::json;

Error error_at(const char* code, const std::string& problem, std::size_t offset) {
  return Error{code, problem + " at byte " + std::to_string(offset)};
}

/// Reads the text byte by byte and leaves its position where the event handler sees it: the library reports positions
/// for syntax errors only.
class TrackingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackingIterator(const char* at, const char** position) : at_(at), position_(position) {}
  reference operator*() const { return *at_; }
  TrackingIterator& operator++() {
    *position_ = ++at_;
    return *this;
  }
  TrackingIterator operator++(int) {
    TrackingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const TrackingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const TrackingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** position_;
};

/// The library's event interface (names are its own), which holds the limits and passes everything on.
class LibraryEvents final : public nlohmann::json_sax<Library> {
 public:
  LibraryEvents(std::string_view text, const JsonLimits& limits, JsonEvents& events)
      : limits_(limits), events_(events), begin_(text.data()), position_(text.data()) {}

  const char** position() { return &position_; }
  std::optional<Error> error() && { return std::move(error_); }

  bool null() override { return value(Json()); }
  bool boolean(bool boolean) override { return value(boolean); }
  bool number_integer(std::int64_t number) override { return value(number); }
  bool number_unsigned(std::uint64_t number) override { return value(number); }
  bool number_float(double number, const std::string&) override { return value(number); }
  bool string(std::string& text) override { return value(std::move(text)); }
  bool binary(Library::binary_t&) override { return false; }  // only in binary formats, which are not read here
  bool key(std::string& name) override { return events_.key(std::move(name), offset()); }

  bool start_object(std::size_t) override { return enter() && events_.begin_object(offset()); }
  bool start_array(std::size_t) override { return enter() && events_.begin_array(offset()); }
  bool end_object() override {
    --depth_;
    return events_.end_object(offset());
  }
  bool end_array() override {
    --depth_;
    return events_.end_array(offset());
  }

  bool parse_error(std::size_t position, const std::string&, const Library::exception& problem) override {
    constexpr int kNumberOverflow = 406;  // json.exception.out_of_range.406
    if (problem.id == kNumberOverflow) return refuse("json_number", "a number outside of the range of a double");
    error_ = error_at("json_syntax", "not valid JSON", std::max<std::size_t>(position, 1) - 1);
    return false;
  }

 private:
  std::size_t offset() const { return static_cast<std::size_t>(position_ - begin_); }

  bool refuse(const char* code, const std::string& problem) {
    error_ = error_at(code, problem, offset());
    return false;
  }

  bool count_value() {
    if (++values_ <= limits_.max_values) return true;
    return refuse("json_too_large", "more than " + std::to_string(limits_.max_values) + " values");
  }

  bool value(Json value) { return count_value() && events_.scalar(std::move(value), offset()); }

  bool enter() {
    if (++depth_ > limits_.max_depth)
      return refuse("json_depth", "nested deeper than " + std::to_string(limits_.max_depth) + " levels");
    return count_value();
  }

  const JsonLimits& limits_;
  JsonEvents& events_;
  const char* begin_;
  const char* position_;
  std::size_t values_ = 0;
  int depth_ = 0;
  std::optional<Error> error_;
};

/// The four hexadecimal digits of \uXXXX at `i`, or -1; digits that are none are the parser's to report.
int escaped_unit(std::string_view text, std::size_t i) {
  if (text.size() - i < 6 || text[i] != '\\' || text[i + 1] != 'u') return -1;
  int unit = 0;
  for (std::size_t k = i + 2; k < i + 6; ++k) {
    const char c = text[k];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/// Offset of the first escaped surrogate without its other half, or text.size(). A backslash occurs in strings only, so
/// the strings themselves need not be told apart.
std::size_t first_lone_surrogate(std::string_view text) {
  for (std::size_t i = text.find('\\'); i < text.size(); i = text.find('\\', i)) {
    const int unit = escaped_unit(text, i);
    if (unit < 0xD800 || unit > 0xDFFF) {
      i += 2;
      continue;
    }
    const int low = unit < 0xDC00 && i + 6 < text.size() ? escaped_unit(text, i + 6) : -1;
    if (low < 0xDC00 || low > 0xDFFF) return i;
    i += 12;
  }
  return text.size();
}

/// Offset of the first string longer than `max_bytes`, or text.size().
std::size_t first_long_string(std::string_view text, std::size_t max_bytes) {
  std::size_t start = text.find('"');
  while (start != std::string_view::npos) {
    std::size_t end = start + 1;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    if (std::min(end, text.size()) - start - 1 > max_bytes) return start;
    start = end < text.size() ? text.find('"', end + 1) : std::string_view::npos;
  }
  return text.size();
}

/// What must be known before the library sees the text: it stops at a NUL byte as if the text ended there, skips a byte
/// order mark, and copies a string of any length twice.
std::optional<Error> check_text(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes)
    return Error{"json_too_large", "the text has " + std::to_string(text.size()) + " bytes, more than the limit of " +
                                       std::to_string(limits.max_bytes)};
  if (const std::size_t i = first_invalid_utf8(text); i < text.size())
    return error_at("json_encoding", "not valid UTF-8", i);
  if (const std::size_t i = text.find('\0'); i < text.size()) return error_at("json_encoding", "a NUL byte", i);
  if (text.substr(0, 3) == "\xEF\xBB\xBF") return error_at("json_encoding", "a byte order mark", 0);
  if (const std::size_t i = first_lone_surrogate(text); i < text.size())
    return error_at("json_encoding", "half of a surrogate pair", i);
  if (const std::size_t i = first_long_string(text, limits.max_string_bytes); i < text.size())
    return error_at("json_string_length",
                    "a string longer than the limit of " + std::to_string(limits.max_string_bytes) + " bytes", i);
  return std::nullopt;
}

}  // namespace

std::optional<Error> read_json_events(std::string_view text, const JsonLimits& limits, JsonEvents& events) {
  if (std::optional<Error> problem = check_text(text, limits)) return problem;
  LibraryEvents handler(text, limits, events);
  const TrackingIterator first(text.data(), handler.position());
  const TrackingIterator last(text.data() + text.size(), handler.position());
  Library::sax_parse(first, last, &handler);
  return std::move(handler).error();
}

std::string json_number_text(double number) {
  return Library(number).dump();
}

}  // namespace palimpsest
