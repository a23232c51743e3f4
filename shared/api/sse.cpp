#include "shared/api/sse.h"

#include <utility>

namespace palimpsest {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c != '\n' && c != '\r' && c != '\0') line += c;
  }
  return line;
}

// Each line of the text behind the prefix. CR alone and CR LF count as line ends, as readers see them.
std::string prefixed_lines(std::string_view prefix, std::string_view text) {
  std::string lines(prefix);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_cr = text[i] == '\r';
    if (!is_cr && text[i] != '\n') {
      lines += text[i];
      continue;
    }
    if (is_cr && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    lines.append("\n").append(prefix);
  }
  return lines + "\n";
}

}  // namespace

std::string encode_sse(const SseEvent& event) {
  std::string text;
  if (!event.event.empty()) text += "event: " + one_line(event.event) + "\n";
  if (!event.id.empty()) text += "id: " + one_line(event.id) + "\n";
  return text + prefixed_lines("data: ", event.data) + "\n";
}

std::string encode_sse_comment(std::string_view text) {
  return prefixed_lines(": ", text) + "\n";
}

std::vector<SseEvent> SseDecoder::feed(std::string_view bytes) {
  std::vector<SseEvent> events;
  while (!bytes.empty() && !error_) {
    if (after_cr_ && bytes.front() == '\n') bytes.remove_prefix(1);
    after_cr_ = false;
    const std::size_t end = bytes.find_first_of("\r\n");
    line_ += bytes.substr(0, end);
    if (line_.size() + data_.size() > max_event_bytes_) {
      error_ = Error{"sse_too_large",
                     "an event of the stream has more than " + std::to_string(max_event_bytes_) + " bytes", "", 502};
      return {};
    }
    if (end == std::string_view::npos) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    take_line(line_, events);
    line_.clear();
  }
  return events;
}

void SseDecoder::take_line(std::string_view line, std::vector<SseEvent>& events) {
  if (is_first_line_ && line.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    line.remove_prefix(kByteOrderMark.size());
  }
  is_first_line_ = false;
  if (line.empty()) return dispatch(events);
  const std::size_t colon = line.find(':');
  if (colon == 0) return;  // a comment
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  take_field(line.substr(0, colon), value);
}

void SseDecoder::take_field(std::string_view name, std::string_view value) {
  if (name == "event") {
    name_ = value;
  } else if (name == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) last_id_ = value;
  } else if (name == "retry" && !value.empty() && value.size() <= 7 &&
             value.find_first_not_of("0123456789") == std::string_view::npos) {
    int milliseconds = 0;
    for (const char digit : value) milliseconds = 10 * milliseconds + (digit - '0');
    retry_ms_ = milliseconds;
  }
}

void SseDecoder::dispatch(std::vector<SseEvent>& events) {
  if (has_data_) events.push_back({std::move(name_), std::move(data_), last_id_});
  name_.clear();
  data_.clear();
  has_data_ = false;
}

}  // namespace palimpsest
