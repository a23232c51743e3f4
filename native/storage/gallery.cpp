#include "native/storage/gallery.h"

#include <algorithm>

#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

void check_title(const std::string& title) {
  const std::size_t invalid = first_invalid_utf8(title);
  std::string problem;
  if (title.size() > Gallery::kMaxTitleBytes) {
    problem = "title is " + std::to_string(title.size()) + " bytes long; at most " +
              std::to_string(Gallery::kMaxTitleBytes) + " are allowed";
  } else if (invalid != title.size()) {
    problem = "title is not valid UTF-8 at byte " + std::to_string(invalid);
  }
  if (!problem.empty()) throw PalimpsestError({std::string(codes::kInvalidValue), problem, "title"});
}

GalleryItem item_in(const Rows& rows) {
  return {rows.text(0), rows.text(1), rows.text(2), rows.integer(3), rows.integer(4) != 0};
}

}  // namespace

GalleryItem Gallery::keep(const GalleryItem& item, UnixMillis now) {
  check_title(item.title);
  if (!images_.find(item.image, now)) {
    fail("image_not_found", "there is no such picture, or its time is over", 404);
  }
  images_.set_kept(item.image, true, now);
  database_.run(
      "INSERT INTO gallery(image, title, request, created_ms, favourite) VALUES(?, ?, ?, ?, ?) "
      "ON CONFLICT(image) DO UPDATE SET title = excluded.title, request = excluded.request, "
      "favourite = excluded.favourite",
      item.image, item.title, item.request, now, item.favourite ? 1 : 0);
  return find(item.image).value();
}

std::optional<GalleryItem> Gallery::find(const std::string& image) const {
  Rows rows =
      database_.query("SELECT image, title, request, created_ms, favourite FROM gallery WHERE image = ?", image);
  if (!rows.next()) return std::nullopt;
  return item_in(rows);
}

GalleryPage Gallery::list(const std::optional<PageCursor>& after, int limit, bool favourites_only) const {
  const PageCursor from = after.value_or(PageCursor{INT64_MAX, ""});
  const auto count = static_cast<std::size_t>(std::clamp(limit, 1, kMaxPage));
  const char* sql = favourites_only
                        ? "SELECT image, title, request, created_ms, favourite FROM gallery WHERE favourite = 1 "
                          "AND (created_ms, image) < (?, ?) ORDER BY created_ms DESC, image DESC LIMIT ?"
                        : "SELECT image, title, request, created_ms, favourite FROM gallery "
                          "WHERE (created_ms, image) < (?, ?) ORDER BY created_ms DESC, image DESC LIMIT ?";
  GalleryPage page;
  Rows rows = database_.query(sql, from.created_ms, from.id, static_cast<std::int64_t>(count + 1));
  while (rows.next()) page.items.push_back(item_in(rows));
  if (page.items.size() <= count) return page;
  page.items.resize(count);
  page.next = PageCursor{page.items.back().created_ms, page.items.back().image}.text();
  return page;
}

bool Gallery::set_title(const std::string& image, const std::string& title) {
  check_title(title);
  return database_.run("UPDATE gallery SET title = ? WHERE image = ?", title, image) == 1;
}

bool Gallery::set_favourite(const std::string& image, bool favourite) {
  return database_.run("UPDATE gallery SET favourite = ? WHERE image = ?", favourite ? 1 : 0, image) == 1;
}

bool Gallery::remove(const std::string& image) {
  return find(image).has_value() && images_.remove(image);
}

}  // namespace palimpsest
