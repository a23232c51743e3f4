#include "native/storage/image_store.h"

#include "native/storage/digest.h"
#include "native/storage/random_id.h"

namespace palimpsest {

StoredImage ImageStore::add(const NewImage& image, UnixMillis now) {
  StoredImage stored;
  stored.id = random_id();
  stored.digest = content_digest(image.bytes);
  stored.media_type = image.media_type;
  stored.size_bytes = static_cast<std::int64_t>(image.bytes.size());
  stored.size = image.size;
  stored.created_ms = now;
  stored.expires_ms = now + limits_.lifetime;
  files_.put(stored.digest, image.bytes);
  database_.run("INSERT OR IGNORE INTO files(digest, size_bytes) VALUES(?, ?)", stored.digest, stored.size_bytes);
  database_.run(
      "INSERT INTO images(id, digest, media_type, width, height, created_ms, expires_ms) VALUES(?, ?, ?, ?, ?, ?, ?)",
      stored.id, stored.digest, stored.media_type, stored.size.width, stored.size.height, now, stored.expires_ms);
  make_room(stored.id);
  return stored;
}

void ImageStore::make_room(const std::string& newest) {
  while (total_bytes() > limits_.max_bytes) {
    const std::int64_t removed = database_.run(
        "DELETE FROM images WHERE id = (SELECT id FROM images WHERE expires_ms IS NOT NULL AND id <> ? "
        "ORDER BY created_ms, id LIMIT 1)",
        newest);
    if (removed == 1) continue;
    fail(codes::kStorageFull,
         "stored pictures would take " + std::to_string(total_bytes()) + " bytes; the limit is " +
             std::to_string(limits_.max_bytes) + " and the rest is kept in the gallery or waits in the queue",
         507);
  }
}

std::optional<StoredImage> ImageStore::find(const std::string& id, UnixMillis now) const {
  Rows rows = database_.query(
      "SELECT i.digest, i.media_type, f.size_bytes, i.width, i.height, i.created_ms, i.expires_ms "
      "FROM images i JOIN files f USING(digest) WHERE i.id = ? AND (i.expires_ms IS NULL OR i.expires_ms > ?)",
      id, now);
  if (!rows.next()) return std::nullopt;
  StoredImage image;
  image.id = id;
  image.digest = rows.text(0);
  image.media_type = rows.text(1);
  image.size_bytes = rows.integer(2);
  image.size = {static_cast<int>(rows.integer(3)), static_cast<int>(rows.integer(4))};
  image.created_ms = rows.integer(5);
  image.expires_ms = rows.maybe_integer(6);
  return image;
}

std::string ImageStore::bytes(const std::string& id, UnixMillis now) const {
  const std::optional<StoredImage> image = find(id, now);
  if (!image) fail("image_not_found", "there is no such picture, or its time is over", 404);
  return files_.read(image->digest);
}

void ImageStore::set_kept(const std::string& id, bool kept, UnixMillis now) {
  const std::optional<UnixMillis> expires = kept ? std::nullopt : std::optional(now + limits_.lifetime);
  database_.run("UPDATE images SET expires_ms = ? WHERE id = ?", expires, id);
}

bool ImageStore::remove(const std::string& id) {
  return database_.run("DELETE FROM images WHERE id = ?", id) == 1;
}

std::int64_t ImageStore::expire(UnixMillis now) {
  return database_.run("DELETE FROM images WHERE expires_ms <= ?", now);
}

std::int64_t ImageStore::total_bytes() const {
  Rows rows = database_.query("SELECT file_bytes FROM totals");
  return rows.next() ? rows.integer(0) : 0;
}

}  // namespace palimpsest
