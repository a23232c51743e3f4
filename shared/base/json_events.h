#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/json.h"

namespace palimpsest {

/// Receives a JSON text piece by piece, for texts whose values need not all be held in memory. Every function gets the
/// number of bytes read so far (just behind the piece; one more behind a number) and returns false to stop reading.
/// By default everything is let pass.
class JsonEvents {
 public:
  virtual ~JsonEvents() = default;
  virtual bool begin_object(std::size_t /*offset*/) { return true; }
  virtual bool key(std::string /*name*/, std::size_t /*offset*/) { return true; }
  virtual bool end_object(std::size_t /*offset*/) { return true; }
  virtual bool begin_array(std::size_t /*offset*/) { return true; }
  virtual bool end_array(std::size_t /*offset*/) { return true; }
  /// null, a boolean, a number or a string.
  virtual bool scalar(Json /*value*/, std::size_t /*offset*/) { return true; }
};

/// Reads one JSON value under parse_json's rules and error codes, except that duplicate keys are left to `events`.
/// Returns the problem of the text; nothing where there is none or where `events` stopped the reading.
std::optional<Error> read_json_events(std::string_view text, const JsonLimits& limits, JsonEvents& events);

}  // namespace palimpsest
