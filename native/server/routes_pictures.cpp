// GET /v1/images/{id}: whoever has the link has the picture.
#include "native/server/picture_answer.h"
#include "native/server/routes.h"
#include "native/storage/image_store.h"
#include "native/storage/random_id.h"

namespace palimpsest {
namespace {

struct FoundPicture {
  StoredImage image;
  std::string bytes;
};

/// The job that made a picture is remembered for a day longer.
[[noreturn]] void fail_missing(AppState& app, Database& database, const std::string& id) {
  if (!JobStore(database, app.storage.files()).find_by_picture(id)) {
    fail("image_not_found", "There is no such picture", 404);
  }
  fail("image_expired", "The picture's time is over, or it was deleted; only what is kept in the gallery stays", 410);
}

FoundPicture find_picture(AppState& app, const std::string& id) {
  if (!is_random_id(id)) fail("image_not_found", "There is no such picture", 404);
  return app.storage.read([&](Database& database) {
    const ImageStore images(database, app.storage.files());
    const auto image = images.find(id, unix_now());
    if (!image) fail_missing(app, database, id);
    return FoundPicture{*image, images.bytes(id, unix_now())};
  });
}

/// Whether If-None-Match has the tag, or any.
bool has_tag(const HttpRequest& request, const std::string& tag) {
  const std::string* field = request.headers.find("if-none-match");
  return field != nullptr && (*field == "*" || field->find(tag) != std::string::npos);
}

std::string file_name(const StoredImage& image) {
  return "palimpsest-" + image.id.substr(0, 8) + "." + image.media_type.substr(image.media_type.find('/') + 1);
}

void get_picture(AppState& app, const ExchangePtr& exchange) {
  FoundPicture picture = find_picture(app, exchange->request().param("id"));
  const StoredImage& image = picture.image;
  // What stands under an id never changes, so that the id is the best tag.
  const std::string tag = "\"" + image.id + "\"";
  constexpr UnixMillis kYear = UnixMillis{365} * 24 * 60 * 60 * 1000;
  const UnixMillis left = image.expires_ms ? *image.expires_ms - unix_now() : kYear;
  HttpResponse response;
  if (has_tag(exchange->request(), tag)) {
    response.status = 304;
  } else {
    response = bytes_response(200, image.media_type, std::move(picture.bytes));
    response.headers.add("content-disposition", "inline; filename=\"" + file_name(image) + "\"");
  }
  response.headers.add("etag", tag);
  response.headers.add("cache-control", "private, immutable, max-age=" + std::to_string(left / 1000));
  exchange->respond(std::move(response));
}

}  // namespace

void add_picture_routes(Router& router, AppState& app) {
  Route route;
  route.method = "GET";
  route.pattern = "/v1/images/{id}";
  route.access = RouteAccess::capability;
  route.handler = [&app](const ExchangePtr& exchange) { get_picture(app, exchange); };
  router.add(std::move(route));
}

}  // namespace palimpsest
