#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/storage/storage.h"
#include "shared/image/image.h"

namespace palimpsest {

/// A picture as an encoded file, on its way into the store.
struct NewImage {
  std::string bytes;
  std::string media_type;
  ImageSize size;
};

/// What is known of a stored picture.
struct StoredImage {
  std::string id;      ///< of random_id(): who knows it may see the picture
  std::string digest;  ///< SHA-256 of the file, never shown to clients
  std::string media_type;
  std::int64_t size_bytes = 0;
  ImageSize size;
  UnixMillis created_ms = 0;
  std::optional<UnixMillis> expires_ms;  ///< absent: kept in the gallery

  bool kept() const { return !expires_ms; }
};

struct ImageLimits {
  std::int64_t max_bytes = std::int64_t{8} << 30;  ///< of all stored files together
  UnixMillis lifetime = 60 * 60 * 1'000;           ///< of a picture that is not kept
};

/// The pictures that can be fetched for a while: rows here, contents in ContentFiles, equal contents once. A view as
/// JobStore is.
class ImageStore {
 public:
  ImageStore(Database& database, const ContentFiles& files, const ImageLimits& limits = {})
      : database_(database), files_(files), limits_(limits) {}

  /// Stores a picture under a new id. Where all files together pass the limit, the oldest pictures that are not kept
  /// go first. Errors: `storage_full` (507) where that is not enough; as write_durably.
  StoredImage add(const NewImage& image, UnixMillis now);

  /// Absent for an unknown id and for one that has expired.
  std::optional<StoredImage> find(const std::string& id, UnixMillis now) const;

  /// The picture's file. Errors: 404 `image_not_found` for an unknown or expired id; 500 `file_missing` or
  /// `file_damaged`: such a file is never returned.
  std::string bytes(const std::string& id, UnixMillis now) const;

  /// Keeps a picture for good, or lets it expire a lifetime from now.
  void set_kept(const std::string& id, bool kept, UnixMillis now);

  /// Deletes a picture and its place in the gallery; false for an unknown id.
  bool remove(const std::string& id);

  /// Deletes the pictures whose time is over. Returns how many.
  std::int64_t expire(UnixMillis now);

  /// Bytes of all stored files, equal contents counted once.
  std::int64_t total_bytes() const;

 private:
  void make_room(const std::string& newest);

  Database& database_;
  const ContentFiles& files_;
  ImageLimits limits_;
};

}  // namespace palimpsest
