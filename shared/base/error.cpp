#include "shared/base/error.h"

namespace palimpsest {

PalimpsestError PalimpsestError::in(std::string_view context) const {
  Error wrapped = error_;
  wrapped.message = std::string(context) + ": " + error_.message;
  return PalimpsestError(std::move(wrapped));
}

void fail(std::string_view code, std::string message, int http_status) {
  throw PalimpsestError({std::string(code), std::move(message), {}, http_status});
}

}  // namespace palimpsest
