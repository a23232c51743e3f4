#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/error.h"

namespace palimpsest {

/// One server-sent event.
struct SseEvent {
  std::string event = {};  ///< its name; empty: `message`
  std::string data = {};
  std::string id = {};  ///< the last id seen so far
  bool operator==(const SseEvent&) const = default;
};

/// The event's bytes on the wire: `event:`, `id:` and a `data:` line for each line of data. Line ends in name or id are
/// left out.
std::string encode_sse(const SseEvent& event);

/// A comment, which readers skip: keeps a connection alive.
std::string encode_sse_comment(std::string_view text);

/// Reads a stream of events in whatever pieces it arrives; lines may end in LF, CR LF or CR.
/// Source: HTML Living Standard, "Interpreting an event stream".
class SseDecoder {
 public:
  explicit SseDecoder(std::size_t max_event_bytes = std::size_t{96} << 20) : max_event_bytes_(max_event_bytes) {}

  /// The events that are complete with these bytes. After an error there are none.
  std::vector<SseEvent> feed(std::string_view bytes);

  /// `sse_too_large` once an event has grown beyond the limit.
  const std::optional<Error>& error() const { return error_; }

  /// For Last-Event-ID when the stream is opened again.
  const std::string& last_id() const { return last_id_; }
  /// Milliseconds to wait before that, where the server has said so.
  const std::optional<int>& retry_ms() const { return retry_ms_; }

 private:
  void take_line(std::string_view line, std::vector<SseEvent>& events);
  void take_field(std::string_view name, std::string_view value);
  void dispatch(std::vector<SseEvent>& events);

  std::size_t max_event_bytes_;
  std::string line_, name_, data_, last_id_;
  bool has_data_ = false, after_cr_ = false, is_first_line_ = true;
  std::optional<int> retry_ms_;
  std::optional<Error> error_;
};

}  // namespace palimpsest
