#pragma once

#include <string>

#include "shared/base/error.h"

namespace palimpsest {

/// Why a server cannot be used, and the one thing that mends it.
struct ServerProblem {
  std::string sentence;
  std::string remedy;    ///< a command or an address to copy; empty: none
  bool is_down = false;  ///< it may come up by itself
  bool wants_key = false;
};

/// Of a call that nothing answered; `failure` as in HttpEnd, `page_origin` that of the page, empty where it has none.
ServerProblem explain_silence(const std::string& failure, const std::string& base_url, const std::string& page_origin);

/// Of an answer that was an error.
ServerProblem explain_refusal(const Error& error, const std::string& base_url);

/// How a server is started on this machine so that it listens at `base_url` and lets `page_origin` in.
std::string start_command(const std::string& base_url, const std::string& page_origin);

}  // namespace palimpsest
