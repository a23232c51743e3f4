// GET and POST /v1/gallery, DELETE /v1/gallery/{id}: the pictures kept for good.
#include <charconv>
#include <utility>

#include "native/server/picture_answer.h"
#include "native/server/routes.h"
#include "native/storage/gallery.h"
#include "native/storage/random_id.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

constexpr int kUsualPage = 50;

Gallery gallery_in(AppState& app, Database& database) {
  return {database, ImageStore(database, app.storage.files(), app.options.queue.images)};
}

Error invalid(const std::string& param, const std::string& what) {
  return {std::string(codes::kInvalidValue), param + " " + what, param};
}

Json item_json(const GalleryItem& item, const std::optional<StoredImage>& image, const std::string& base) {
  const Result<Json> request = parse_json(item.request);
  Json json;
  json.set("id", item.image);
  json.set("object", "gallery.item");
  json.set("url", picture_url(base, item.image));
  json.set("title", item.title);
  json.set("favourite", item.favourite);
  json.set("created_at", item.created_ms / 1000);
  if (image) {
    json.set("media_type", image->media_type);
    json.set("width", image->size.width);
    json.set("height", image->size.height);
  }
  json.set("request", request ? *request : Json());
  return json;
}

int page_size(const HttpRequest& request) {
  const std::string text = request.query_value("limit");
  if (text.empty()) return kUsualPage;
  int limit = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (problem != std::errc() || end != text.data() + text.size() || limit < 1 || limit > kMaxPage) {
    throw PalimpsestError(invalid("limit", "must be a whole number from 1 to " + std::to_string(kMaxPage)));
  }
  return limit;
}

void list_gallery(AppState& app, const ExchangePtr& exchange) {
  const HttpRequest& request = exchange->request();
  const auto after = parse_page_cursor(request.query_value("cursor")).value_or_throw();
  const int limit = page_size(request);
  const bool favourites_only = request.query_value("favourites") == "true";
  Json json = app.storage.read([&](Database& database) {
    const GalleryPage page = gallery_in(app, database).list(after, limit, favourites_only);
    const ImageStore images(database, app.storage.files());
    Json::Array items;
    for (const GalleryItem& item : page.items) {
      items.push_back(item_json(item, images.find(item.image, unix_now()), base_url(request)));
    }
    Json list(Json::Object{{"object", "list"}, {"data", std::move(items)}, {"has_more", page.next.has_value()}});
    return list.set("next_cursor", page.next ? Json(*page.next) : Json());
  });
  exchange->respond(json_response(200, json));
}

/// What POST /v1/gallery takes.
struct Keep {
  std::string image;
  std::optional<std::string> title;
  std::optional<bool> favourite;
};

Keep parse_keep(const std::string& body) {
  const Json json = parse_json(body).value_or_throw();
  if (!json.is_object()) fail("invalid_type", "The body must be a JSON object with image, the id of a picture");
  Keep keep;
  for (const auto& [name, value] : *json.as_object()) {
    if (name == "image") {
      if (!value.is_string()) throw PalimpsestError(invalid("image", "must be the id of a picture"));
      keep.image = *value.as_string();
    } else if (name == "title") {
      if (!value.is_string()) throw PalimpsestError(invalid("title", "must be a text"));
      keep.title = *value.as_string();
    } else if (name == "favourite") {
      if (!value.is_bool()) throw PalimpsestError(invalid("favourite", "must be true or false"));
      keep.favourite = *value.as_bool();
    } else {
      throw PalimpsestError({"unknown_parameter", "Unknown parameter: '" + name + "'", name});
    }
  }
  if (!is_random_id(keep.image)) throw PalimpsestError(invalid("image", "must be the id of a picture"));
  return keep;
}

/// The request that made a picture, to make it again: with the seed of just this one.
Json request_of(const ReadJob& read, const std::string& image) {
  Json request(read.job.request.values);
  const Json result = parse_json(read.record.result.value_or("{}")).value_or_throw();
  const Json* pictures = result.find("pictures");
  for (const Json& picture : pictures != nullptr ? *pictures->as_array() : Json::Array{}) {
    const Json* id = picture.find("id");
    const Json* seed = picture.find("seed");
    if (id != nullptr && seed != nullptr && *id == Json(image)) request.set("seed", *seed);
  }
  request.set("mode", std::string(name_of(read.job.request.mode)));
  request.set("n", 1);
  return request;
}

/// A picture that is new to the gallery gets its prompt as its title.
GalleryItem new_item(AppState& app, Database& database, const std::string& image) {
  GalleryItem item{image, "", "{}", 0, false};
  std::optional<JobRecord> record = JobStore(database, app.storage.files()).find_by_picture(image);
  if (!record) return item;
  GenerationJob job = parse_generation_job(record->request, app.catalog);
  const ReadJob read{*std::move(record), std::move(job)};
  // A prompt may be longer than a title; cut where a character ends.
  std::string title = read.job.request.image.prompt.substr(0, Gallery::kMaxTitleBytes);
  while (!title.empty() && first_invalid_utf8(title) != title.size()) title.pop_back();
  item.title = std::move(title);
  item.request = request_of(read, image).dump();
  return item;
}

void keep_picture(AppState& app, const ExchangePtr& exchange) {
  const Keep keep = parse_keep(exchange->request().body);
  Json json;
  app.storage.write_and_wait([&](Database& database) {
    Gallery gallery = gallery_in(app, database);
    const auto kept = gallery.find(keep.image);
    GalleryItem item = kept ? *kept : new_item(app, database, keep.image);
    if (keep.title) item.title = *keep.title;
    if (keep.favourite) item.favourite = *keep.favourite;
    item = gallery.keep(item, unix_now());
    const ImageStore images(database, app.storage.files());
    json = item_json(item, images.find(item.image, unix_now()), base_url(exchange->request()));
  });
  exchange->respond(json_response(200, json));
}

void delete_picture(AppState& app, const ExchangePtr& exchange) {
  const std::string& id = exchange->request().param("id");
  bool is_removed = false;
  app.storage.write_and_wait([&](Database& database) { is_removed = gallery_in(app, database).remove(id); });
  if (!is_removed) fail("image_not_found", "There is no such picture in the gallery", 404);
  exchange->respond(json_response(200, Json(Json::Object{{"id", id}, {"object", "gallery.item"}, {"deleted", true}})));
}

Route gallery_route(std::string method, std::string pattern, Handler handler) {
  Route route;
  route.method = std::move(method);
  route.pattern = std::move(pattern);
  route.handler = std::move(handler);
  return route;
}

}  // namespace

void add_gallery_routes(Router& router, AppState& app) {
  router.add(gallery_route("GET", "/v1/gallery", [&app](const ExchangePtr& exchange) { list_gallery(app, exchange); }));
  Route keep =
      gallery_route("POST", "/v1/gallery", [&app](const ExchangePtr& exchange) { keep_picture(app, exchange); });
  keep.body = BodyKind::json;
  router.add(std::move(keep));
  router.add(gallery_route("DELETE", "/v1/gallery/{id}",
                           [&app](const ExchangePtr& exchange) { delete_picture(app, exchange); }));
}

}  // namespace palimpsest
