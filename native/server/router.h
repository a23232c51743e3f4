#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/server/auth.h"
#include "native/server/http_server.h"

namespace palimpsest {

/// A route and its rules.
struct Route {
  std::string method;   ///< GET answers HEAD as well
  std::string pattern;  ///< `/v1/jobs/{id}`; a last `{id*}` stands for the rest of the path, slashes and all
  Handler handler;
  RouteAccess access = RouteAccess::keyed;
  BodyKind body = BodyKind::none;
  bool json_has_pictures = false;  ///< see Admission, as for the next
  bool is_quick = false;
};

/// Finds the route of a request and guards it. What stands under `/v1` is served under `/openai/v1` too; slashes at the
/// end and doubled ones do not matter. Literal segments win over `{name}`s. Answers by itself: Host, Origin and key
/// refusals, preflights, OPTIONS, 404 and 405.
class Router : public HttpApplication {
 public:
  explicit Router(AccessPolicy& access) : access_(access) {}

  /// Before the server starts. Errors: PalimpsestError `internal_error` for a malformed or repeated route.
  void add(Route route);

  /// Method and pattern of each route.
  std::vector<std::pair<std::string, std::string>> routes() const;

  Admission admit(HttpRequest& request) override;

 private:
  struct Entry {
    Route route;
    std::vector<std::string> segments;
  };
  using Matches = std::vector<const Entry*>;

  Matches find(const std::vector<std::string>& segments) const;
  Admission admit_to(const Entry& entry, HttpRequest& request, const Access& access) const;

  AccessPolicy& access_;
  std::vector<Entry> entries_;
};

}  // namespace palimpsest
