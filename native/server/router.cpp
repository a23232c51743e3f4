#include "native/server/router.h"

#include <algorithm>
#include <set>

#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

bool is_param(const std::string& segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool is_rest(const std::string& segment) {
  return is_param(segment) && segment[segment.size() - 2] == '*';
}

std::vector<std::string> split_path(const std::string& pattern) {
  std::vector<std::string> segments;
  for (std::size_t begin = 1; begin < pattern.size();) {
    const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
    segments.push_back(pattern.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  const bool has_rest = !pattern.empty() && is_rest(pattern.back());
  if (has_rest ? path.size() < pattern.size() : path.size() != pattern.size()) return false;
  return std::equal(pattern.begin(), pattern.end(), path.begin(),
                    [](const std::string& want, const std::string& have) { return is_param(want) || want == have; });
}

// Literal segments sort in front of `{name}`, and those in front of `{name*}`, from the left.
std::vector<int> specificity(const std::vector<std::string>& pattern) {
  std::vector<int> ranks;
  for (const std::string& segment : pattern) ranks.push_back(is_rest(segment) ? 2 : is_param(segment) ? 1 : 0);
  return ranks;
}

void read_params(const std::vector<std::string>& pattern, HttpRequest& request) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!is_param(pattern[i])) continue;
    const bool rest = is_rest(pattern[i]);
    std::string value = request.segments[i];
    for (std::size_t k = i + 1; rest && k < request.segments.size(); ++k) value += "/" + request.segments[k];
    request.params[pattern[i].substr(1, pattern[i].size() - (rest ? 3 : 2))] = std::move(value);
  }
}

std::string allowed_methods(const std::vector<const Route*>& routes) {
  std::set<std::string> methods = {"OPTIONS"};
  for (const Route* route : routes) {
    methods.insert(route->method);
    if (route->method == "GET") methods.insert("HEAD");
  }
  std::string text;
  for (const std::string& method : methods) text += (text.empty() ? "" : ", ") + method;
  return text;
}

// The wall between routes and the server: nothing thrown passes it.
Handler guarded(const Handler& handler) {
  return [handler](const ExchangePtr& exchange) {
    HttpResponse response;
    try {
      return handler(exchange);
    } catch (const PalimpsestError& problem) {
      response = error_response(problem.error());
      if (problem.error().http_status >= 500) response.log_note = problem.what();
    } catch (const std::exception& problem) {
      response = error_response(
          {std::string(codes::kInternal),
           "Something went wrong inside the server; its log has more under request " + exchange->request().id, "",
           500});
      response.log_note = problem.what();
    }
    exchange->respond(std::move(response));
  };
}

// The answer to OPTIONS and to methods that a path does not have.
HttpResponse method_answer(const HttpRequest& request, const Access& access, const std::string& allowed) {
  HttpResponse response;
  if (request.method == "OPTIONS") {
    response = access.cors_origin.empty() ? HttpResponse{204} : preflight_response(allowed);
  } else {
    response =
        error_response({"method_not_allowed", request.path + " takes " + allowed + ", not " + request.method, "", 405});
  }
  response.headers.add("allow", allowed);
  return response;
}

// A link that works as a key stays out of logs.
std::string log_path(const Route& route, const HttpRequest& request) {
  return route.access == RouteAccess::capability ? route.pattern : request.path;
}

Admission refusal(HttpResponse response, Headers headers) {
  Admission admission;
  admission.refusal = std::move(response);
  admission.response_headers = std::move(headers);
  return admission;
}

}  // namespace

void Router::add(Route route) {
  std::vector<std::string> segments = split_path(route.pattern);
  const bool repeated = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.segments == segments && entry.route.method == route.method;
  });
  const bool rest_inside = !segments.empty() && std::any_of(segments.begin(), segments.end() - 1, is_rest);
  if (repeated || rest_inside || route.pattern.empty() || route.pattern.front() != '/' || !route.handler) {
    fail(codes::kInternal, "the route " + route.method + " " + route.pattern + " is malformed or repeated", 500);
  }
  route.handler = guarded(route.handler);
  entries_.push_back({std::move(route), std::move(segments)});
}

std::vector<std::pair<std::string, std::string>> Router::routes() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (const Entry& entry : entries_) all.emplace_back(entry.route.method, entry.route.pattern);
  return all;
}

Router::Matches Router::find(const std::vector<std::string>& segments) const {
  Matches best;
  for (const Entry& entry : entries_) {
    if (!matches(entry.segments, segments)) continue;
    const auto rank = specificity(entry.segments);
    const auto best_rank = best.empty() ? rank : specificity(best.front()->segments);
    if (rank < best_rank) best.clear();
    if (rank <= best_rank) best.push_back(&entry);
  }
  return best;
}

Admission Router::admit(HttpRequest& request) {
  const Access access = access_.check_origin(request);
  if (access.refusal) {
    HttpResponse response = error_response(*access.refusal);
    const std::string* origin = request.headers.find("origin");
    if (origin != nullptr) response.log_note = "refused; to let this page in: --allow-origin " + printable(*origin);
    return refusal(std::move(response), cors_headers({}));
  }
  auto& segments = request.segments;
  if (segments.size() > 1 && segments[0] == "openai" && segments[1] == "v1") segments.erase(segments.begin());

  const Matches found = find(segments);
  if (found.empty()) {
    Admission unknown =
        refusal(error_response({"unknown_url", "There is nothing at " + request.path, "", 404}), cors_headers(access));
    unknown.log_path = request.path;
    return unknown;
  }
  std::vector<const Route*> routes;
  for (const Entry* entry : found) routes.push_back(&entry->route);
  const std::string allowed = allowed_methods(routes);
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  for (const Entry* entry : found) {
    if (entry->route.method == method) return admit_to(*entry, request, access);
  }
  Admission other = refusal(method_answer(request, access, allowed), cors_headers(access));
  other.route = routes.front()->pattern;
  other.log_path = log_path(*routes.front(), request);
  return other;
}

Admission Router::admit_to(const Entry& entry, HttpRequest& request, const Access& access) const {
  const Route& route = entry.route;
  Admission admission;
  admission.response_headers = cors_headers(access);
  admission.route = route.pattern;
  admission.log_path = log_path(route, request);
  if (const auto error = access_.check_key(request, access, route.access)) {
    admission.refusal = error_response(*error);
    return admission;
  }
  read_params(entry.segments, request);
  admission.body = route.body;
  admission.json_has_pictures = route.json_has_pictures;
  admission.is_quick = route.is_quick;
  admission.handler = route.handler;
  return admission;
}

}  // namespace palimpsest
