#include "web/server_problem.h"

#include "web/server_address.h"

namespace palimpsest {
namespace {

constexpr const char* kUsualPort = "7801";

std::string port_of(const std::string& base_url) {
  const std::string origin = origin_of(base_url);
  const std::size_t colon = origin.rfind(':');
  const bool has_port = colon != std::string::npos && colon + 1 < origin.size() && origin[colon + 1] != '/';
  return has_port ? origin.substr(colon + 1) : "";
}

/// Pages on this machine's own addresses are let in anyway.
bool needs_allowing(const std::string& page_origin) {
  return !page_origin.empty() && !is_local_address(page_origin);
}

}  // namespace

std::string start_command(const std::string& base_url, const std::string& page_origin) {
  std::string command = "palimpsest serve";
  const std::string port = port_of(base_url);
  if (is_local_address(base_url) && !port.empty() && port != kUsualPort) command += " --port " + port;
  if (needs_allowing(page_origin)) command += " --allow-origin " + page_origin + " --pair";
  return command;
}

ServerProblem explain_silence(const std::string& failure, const std::string& base_url, const std::string& page_origin) {
  const std::string server = origin_of(base_url);
  if (failure == "permission") {
    return {"The browser does not let this page reach " + server +
                ". Allow access to your device or local network in the site's settings, left of the address bar, and "
                "connect again.",
            "", false, false};
  }
  if (failure == "mixed_content") {
    return {"This page came over https, so that the browser keeps it from calling " + server +
                ". The server has the same page at its own address: open that.",
            server + "/", false, false};
  }
  if (failure == "origin") {
    return {"A server answers at " + server +
                ", but it does not let this page in. If it is yours, start it again with this option:",
            "--allow-origin " + page_origin, true, false};
  }
  if (is_local_address(base_url)) {
    return {"No server is running at " + server + ". Start it; this page connects by itself once it is there.",
            start_command(base_url, page_origin), true, false};
  }
  return {"Nothing answers at " + server + ". Is the address right, and does the service let pages of other sites in?",
          "", true, false};
}

ServerProblem explain_refusal(const Error& error, const std::string& base_url) {
  if (error.http_status == 401 || (error.http_status == 403 && error.code != "origin_not_allowed")) {
    return {error.code == "invalid_api_key" ? "The server does not know this key." : "The server asks for a key.", "",
            false, true};
  }
  if (error.http_status == 404) {
    return {origin_of(base_url) + " answers, but has no list of models at " + base_url +
                "/models. Most addresses end in /v1.",
            "", false, false};
  }
  return {error.message, "", error.http_status >= 500, false};
}

}  // namespace palimpsest
