// GET / and the files of the playground.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "native/server/picture_answer.h"
#include "native/server/routes.h"
#include "native/storage/digest.h"

namespace palimpsest {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 256;
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{64} << 20;

// The page may talk to any server that its visitor names, but runs no script other than its own.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob: http: https:; font-src 'self'; connect-src 'self' http: https:; worker-src 'self' "
    "blob:; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

constexpr const char* kNoPage =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Palimpsest</title>\n"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42em;margin:3em auto;padding:0 1em}"
    "code,pre{background:#8882;padding:.1em .3em;border-radius:.2em}pre{padding:.8em;overflow:auto}"
    ":root{color-scheme:light dark}</style>\n"
    "<h1>Palimpsest is running</h1>\n"
    "<p>The server works; the playground page is not built here. <code>./run.sh</code> builds it, and "
    "<code>--page FOLDER</code> names one that is elsewhere.</p>\n"
    "<p>Make a picture from a shell meanwhile:</p>\n"
    "<pre>curl ORIGIN/v1/images/generations -H 'Content-Type: application/json' \\\n"
    "  -d '{\"prompt\": \"a red house at night\"}'</pre>\n"
    "<p><a href=\"/v1/models\">Models</a> · <a href=\"/openapi.json\">OpenAPI</a> · <a href=\"/ready\">State</a></p>\n"
    "</html>\n";

/// One way in which a file is sent.
struct Encoded {
  std::string coding;  ///< as in content-encoding; empty: as it is
  std::string bytes, tag;
};

struct PageFile {
  std::string media_type;
  std::vector<Encoded> encodings;  ///< the shortest first; the file as it is comes last
};

// What the build puts beside each file, as the best first.
constexpr std::pair<const char*, const char*> kCodings[] = {{"br", ".br"}, {"gzip", ".gz"}};

std::string media_type_of_file(const fs::path& path) {
  static const std::map<std::string, std::string> types = {{".html", "text/html; charset=utf-8"},
                                                           {".js", "text/javascript; charset=utf-8"},
                                                           {".mjs", "text/javascript; charset=utf-8"},
                                                           {".css", "text/css; charset=utf-8"},
                                                           {".wasm", "application/wasm"},
                                                           {".json", "application/json"},
                                                           {".webmanifest", "application/manifest+json"},
                                                           {".svg", "image/svg+xml"},
                                                           {".png", "image/png"},
                                                           {".jpg", "image/jpeg"},
                                                           {".webp", "image/webp"},
                                                           {".avif", "image/avif"},
                                                           {".ico", "image/x-icon"},
                                                           {".woff2", "font/woff2"},
                                                           {".ttf", "font/ttf"},
                                                           {".otf", "font/otf"},
                                                           {".txt", "text/plain; charset=utf-8"},
                                                           {".md", "text/plain; charset=utf-8"}};
  const auto found = types.find(path.extension().string());
  return found == types.end() ? "application/octet-stream" : found->second;
}

[[noreturn]] void refuse(const std::string& folder, const std::string& problem) {
  throw PalimpsestError({"page_invalid", "the page's folder " + folder + " " + problem, "--page"});
}

std::string read_bytes(const fs::path& path, const std::string& folder) {
  if (fs::file_size(path) > kMaxFileBytes) refuse(folder, "has a file above 64 MiB: " + path.string());
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  if (!stream) refuse(folder, "has a file that cannot be read: " + path.string());
  return std::move(bytes).str();
}

PageFile read_file(const fs::path& path, const std::string& folder) {
  PageFile file{media_type_of_file(path), {}};
  const auto add = [&](const std::string& coding, std::string bytes) {
    std::string tag = "\"" + content_digest(bytes).substr(0, 32) + "\"";
    file.encodings.push_back({coding, std::move(bytes), std::move(tag)});
  };
  for (const auto& [coding, ending] : kCodings) {
    const fs::path compressed = path.string() + ending;
    if (fs::is_regular_file(fs::symlink_status(compressed))) add(coding, read_bytes(compressed, folder));
  }
  add("", read_bytes(path, folder));
  return file;
}

bool is_compressed_copy(const fs::path& path) {
  for (const auto& [coding, ending] : kCodings) {
    if (path.extension() == ending && fs::is_regular_file(fs::path(path).replace_extension())) return true;
  }
  return false;
}

/// All files, by their path from the folder on. Read once: no request ever names a file.
std::map<std::string, PageFile> read_files(const std::string& folder) {
  std::map<std::string, PageFile> files;
  std::error_code problem;
  fs::recursive_directory_iterator entries(folder, problem);
  if (problem) refuse(folder, "cannot be read: " + problem.message());
  for (const fs::directory_entry& entry : entries) {
    const std::string name = fs::relative(entry.path(), folder).generic_string();
    const bool is_served =
        entry.is_regular_file() && !entry.is_symlink() && name.find_first_of("{}") == std::string::npos;
    if (is_served && !is_compressed_copy(entry.path())) files[name] = read_file(entry.path(), folder);
    if (files.size() > kMaxFiles) refuse(folder, "has more than " + std::to_string(kMaxFiles) + " files");
  }
  if (files.count("index.html") == 0) refuse(folder, "has no index.html");
  return files;
}

/// Whether an accept-encoding header names the coding, other than with "q=0".
bool accepts(const std::string& header, std::string_view coding) {
  std::istringstream parts(header);
  for (std::string part; std::getline(parts, part, ',');) {
    part.erase(std::remove(part.begin(), part.end(), ' '), part.end());
    const std::size_t quality = part.find(";q=");
    if (!equal_ignoring_case(part.substr(0, quality), coding)) continue;
    return quality == std::string::npos || part.find_first_not_of("0.", quality + 3) != std::string::npos;
  }
  return false;
}

const Encoded& choose_encoding(const PageFile& file, const HttpRequest& request) {
  const std::string* accepted = request.headers.find("accept-encoding");
  for (const Encoded& encoding : file.encodings) {
    if (accepted != nullptr && accepts(*accepted, encoding.coding)) return encoding;
  }
  return file.encodings.back();
}

void respond_with(const std::shared_ptr<const PageFile>& file, const ExchangePtr& exchange) {
  const Encoded& chosen = choose_encoding(*file, exchange->request());
  const std::string* tag = exchange->request().headers.find("if-none-match");
  const bool is_known = tag != nullptr && tag->find(chosen.tag) != std::string::npos;
  HttpResponse response = is_known ? HttpResponse{304} : HttpResponse{200, {{"content-type", file->media_type}}};
  if (!is_known) {
    response.body = std::shared_ptr<const std::string>(file, &chosen.bytes);
    if (!chosen.coding.empty()) response.headers.add("content-encoding", chosen.coding);
  }
  response.headers.add("etag", chosen.tag);
  response.headers.add("vary", "accept-encoding");
  response.headers.add("cache-control", "no-cache");
  response.headers.add("content-security-policy", kPolicy);
  exchange->respond(std::move(response));
}

Route page_route(std::string pattern, Handler handler) {
  Route route;
  route.method = "GET";
  route.pattern = std::move(pattern);
  route.access = RouteAccess::open;
  route.handler = std::move(handler);
  return route;
}

void say_no_page(const ExchangePtr& exchange) {
  std::string page = kNoPage;
  const std::string placeholder = "ORIGIN";
  page.replace(page.find(placeholder), placeholder.size(), base_url(exchange->request()));
  HttpResponse response = bytes_response(200, "text/html; charset=utf-8", std::move(page));
  response.headers.add("content-security-policy", kPolicy);
  exchange->respond(std::move(response));
}

}  // namespace

void add_page_routes(Router& router, AppState& app) {
  if (app.options.page_folder.empty()) return router.add(page_route("/", say_no_page));
  for (auto& [name, file] : read_files(app.options.page_folder)) {
    const auto shared = std::make_shared<const PageFile>(std::move(file));
    const Handler handler = [shared](const ExchangePtr& exchange) { respond_with(shared, exchange); };
    router.add(page_route("/" + name, handler));
    if (name == "index.html") router.add(page_route("/", handler));
  }
}

}  // namespace palimpsest
