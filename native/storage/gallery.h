#pragma once

#include <optional>
#include <string>
#include <vector>

#include "native/storage/image_store.h"
#include "native/storage/page_cursor.h"

namespace palimpsest {

/// A picture that the user keeps.
struct GalleryItem {
  std::string image;    ///< id of the picture, and of the item
  std::string title;    ///< what the list shows: the prompt unless the user named it
  std::string request;  ///< JSON text of the request that made it, to make it again
  UnixMillis created_ms = 0;
  bool favourite = false;
};

struct GalleryPage {
  std::vector<GalleryItem> items;
  std::optional<std::string> next;  ///< cursor of the following page; absent at the end
};

/// The pictures kept for good, newest first. A view as JobStore is.
class Gallery {
 public:
  Gallery(Database& database, ImageStore images) : database_(database), images_(images) {}

  /// Keeps a picture that has not expired; one that is kept already keeps its date.
  /// Errors: 404 `image_not_found`; 400 `invalid_value` for a title above kMaxTitleBytes or not UTF-8.
  GalleryItem keep(const GalleryItem& item, UnixMillis now);

  std::optional<GalleryItem> find(const std::string& image) const;
  GalleryPage list(const std::optional<PageCursor>& after, int limit, bool favourites_only = false) const;

  /// Each returns false for a picture that is not kept. remove deletes the picture, too.
  bool set_title(const std::string& image, const std::string& title);
  bool set_favourite(const std::string& image, bool favourite);
  bool remove(const std::string& image);

  static constexpr std::size_t kMaxTitleBytes = 2'000;

 private:
  Database& database_;
  ImageStore images_;
};

}  // namespace palimpsest
