#include "native/storage/image_store.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <string>

#include "native/storage/digest.h"
#include "native/storage/gallery.h"
#include "tests/native/storage/failing_calls.h"
#include "tests/native/storage/stored_folder.h"
#include "tests/shared/tokenizer/refusal.h"

using namespace palimpsest;
using palimpsest::test::check_refused;
using palimpsest::test::StoredFolder;

namespace {

struct Images : StoredFolder {
  ImageLimits limits = {};

  template <typename Change>
  auto change(Change change_images) {
    return commit([&](Database& database) {
      ImageStore images(database, storage->files(), limits);
      return change_images(images);
    });
  }
  StoredImage add(const std::string& bytes, UnixMillis now = 1'000) {
    return change([&](ImageStore& images) { return images.add({bytes, "image/png", {4, 3}}, now); });
  }
  std::string bytes(const std::string& id, UnixMillis now = 1'000) {
    return storage->read([&](Database& database) { return ImageStore(database, storage->files()).bytes(id, now); });
  }
  std::optional<StoredImage> find(const std::string& id, UnixMillis now = 1'000) {
    return storage->read([&](Database& database) { return ImageStore(database, storage->files()).find(id, now); });
  }
  std::int64_t total() {
    return storage->read([&](Database& database) { return ImageStore(database, storage->files()).total_bytes(); });
  }
  std::size_t files_on_disk() {
    storage->write_and_wait([](Database&) {});  // files go after the commit that gave them up
    return storage->files().list().size();
  }
};

}  // namespace

TEST_CASE("a picture reads back under an id that says nothing about its content") {
  Images data;
  const StoredImage image = data.add("picture");
  CHECK(is_random_id(image.id));
  CHECK(image.digest == content_digest("picture"));
  data.reopen();
  CHECK(data.bytes(image.id) == "picture");
  const StoredImage found = data.find(image.id).value();
  CHECK(found.media_type == "image/png");
  CHECK(found.size == ImageSize{4, 3});
  CHECK(found.size_bytes == 7);
  CHECK_FALSE(found.kept());
}

TEST_CASE("equal pictures have ids of their own and share a file until the last one goes") {
  Images data;
  const StoredImage first = data.add("same"), second = data.add("same");
  CHECK(first.id != second.id);
  CHECK(data.total() == 4);
  CHECK(data.files_on_disk() == 1);
  CHECK(data.change([&](ImageStore& images) { return images.remove(first.id); }));
  CHECK(data.bytes(second.id) == "same");
  CHECK(data.files_on_disk() == 1);
  CHECK(data.change([&](ImageStore& images) { return images.remove(second.id); }));
  CHECK_FALSE(data.change([&](ImageStore& images) { return images.remove(second.id); }));
  CHECK(data.files_on_disk() == 0);
  CHECK(data.total() == 0);
}

TEST_CASE("a picture given up and stored again in one commit keeps its file") {
  Images data;
  const StoredImage first = data.add("same");
  const StoredImage second = data.change([&](ImageStore& images) {
    images.remove(first.id);
    return images.add({"same", "image/png", {4, 3}}, 1'000);
  });
  CHECK(data.files_on_disk() == 1);
  CHECK(data.bytes(second.id) == "same");
}

TEST_CASE("a picture that is not kept expires after its hour") {
  Images data;
  const StoredImage image = data.add("picture", 1'000);
  const UnixMillis end = 1'000 + ImageLimits{}.lifetime;
  CHECK(data.bytes(image.id, end - 1) == "picture");
  check_refused("image_not_found", "time is over", [&] { (void)data.bytes(image.id, end); });
  CHECK(data.change([&](ImageStore& images) { return images.expire(end - 1); }) == 0);
  CHECK(data.change([&](ImageStore& images) { return images.expire(end); }) == 1);
  CHECK(data.files_on_disk() == 0);
}

TEST_CASE("above the limit the oldest pictures that are not kept go first") {
  Images data;
  data.limits.max_bytes = 30;
  const StoredImage oldest = data.add(std::string(10, 'a'), 1'000);
  const StoredImage kept = data.add(std::string(10, 'b'), 1'001);
  data.change([&](ImageStore& images) {
    images.set_kept(kept.id, true, 1'001);
    return true;
  });
  const StoredImage third = data.add(std::string(10, 'c'), 1'002);
  const StoredImage newest = data.add(std::string(20, 'd'), 1'003);
  CHECK_FALSE(data.find(oldest.id).has_value());
  CHECK_FALSE(data.find(third.id).has_value());
  CHECK(data.find(kept.id).has_value());
  CHECK(data.find(newest.id).has_value());
  CHECK(data.total() == 30);
  CHECK(data.files_on_disk() == 2);
}

TEST_CASE("a picture that does not fit beside the kept ones is refused and nothing is lost") {
  Images data;
  data.limits.max_bytes = 30;
  const StoredImage kept = data.add(std::string(20, 'a'));
  data.change([&](ImageStore& images) {
    images.set_kept(kept.id, true, 1'000);
    return true;
  });
  const StoredImage other = data.add(std::string(5, 'b'));
  check_refused("storage_full", "the limit is 30", [&] { data.add(std::string(11, 'c')); });
  CHECK(data.find(other.id).has_value());
  CHECK(data.total() == 25);
}

TEST_CASE("a damaged or missing picture is reported and not served") {
  Images data;
  const StoredImage image = data.add("picture");
  const std::string path = data.path("files/" + image.digest.substr(0, 2) + "/" + image.digest);
  std::filesystem::resize_file(path, 3);
  check_refused("file_damaged", path, [&] { (void)data.bytes(image.id); });
  std::filesystem::remove(path);
  check_refused("file_missing", path, [&] { (void)data.bytes(image.id); });
  data.reopen();
  check_refused("file_missing", path, [&] { (void)data.bytes(image.id); });
}

TEST_CASE("when any write, synchronisation or renaming fails, a picture is whole or not there") {
  using palimpsest::test::Call;
  const palimpsest::test::CallFailures failures;
  for (const Call call : {Call::write, Call::sync, Call::rename}) {
    for (int nth = 1;; ++nth) {
      CAPTURE(static_cast<int>(call));
      CAPTURE(nth);
      REQUIRE(nth < 50);
      Images data;
      data.add("before");
      palimpsest::test::fail_call(call, nth, ENOSPC);
      std::optional<StoredImage> image;
      try {
        image = data.add("picture");
      } catch (const PalimpsestError&) {
      }
      const bool reached = palimpsest::test::calls(call) >= nth;
      palimpsest::test::let_calls_succeed();
      if (image) CHECK(data.bytes(image->id) == "picture");
      data.reopen();
      if (image) CHECK(data.bytes(image->id) == "picture");
      CHECK(data.total() == (image ? 13 : 6));
      CHECK(data.storage->files().list().size() == (image ? 2 : 1));
      if (!reached) break;
    }
  }
}

TEST_CASE("the gallery keeps pictures, newest first, page by page") {
  Images data;
  std::vector<std::string> ids;
  const auto gallery = [&](auto use) {
    return data.commit([&](Database& database) {
      Gallery view(database, ImageStore(database, data.storage->files()));
      return use(view);
    });
  };
  for (int i = 0; i < 7; ++i) {
    ids.push_back(data.add("picture " + std::to_string(i)).id);
    gallery([&](Gallery& view) {
      return view.keep({ids.back(), "title " + std::to_string(i), "{}", 0, i % 2 == 0}, 2'000 + i / 2);
    });
  }
  data.reopen();
  data.change([&](ImageStore& images) { return images.expire(1'000 + 2 * ImageLimits{}.lifetime); });

  std::vector<std::string> listed;
  std::optional<PageCursor> cursor;
  for (;;) {
    const GalleryPage page = gallery([&](Gallery& view) { return view.list(cursor, 3); });
    for (const GalleryItem& item : page.items) listed.push_back(item.image);
    if (!page.next) break;
    cursor = parse_page_cursor(*page.next).value_or_throw();
  }
  CHECK(listed.size() == 7);
  CHECK(std::set<std::string>(listed.begin(), listed.end()).size() == 7);
  CHECK(listed.front() == ids.back());
  CHECK(gallery([](Gallery& view) { return view.list({}, 100, true).items.size(); }) == 4);

  CHECK(gallery([&](Gallery& view) { return view.set_title(ids[0], "other"); }));
  CHECK(gallery([&](Gallery& view) { return view.set_favourite(ids[0], false); }));
  const GalleryItem item = gallery([&](Gallery& view) { return view.find(ids[0]).value(); });
  CHECK(item.title == "other");
  CHECK_FALSE(item.favourite);
  CHECK(item.created_ms == 2'000);
  CHECK(data.bytes(ids[0], 1'000 + 3 * ImageLimits{}.lifetime) == "picture 0");

  CHECK(gallery([&](Gallery& view) { return view.remove(ids[0]); }));
  CHECK_FALSE(gallery([&](Gallery& view) { return view.remove(ids[0]); }));
  CHECK_FALSE(gallery([&](Gallery& view) { return view.set_title(ids[0], "x"); }));
  CHECK_FALSE(data.find(ids[0]).has_value());
}

TEST_CASE("what is not there cannot be kept, and a title has its limit") {
  Images data;
  const StoredImage image = data.add("picture");
  data.storage->write_and_wait([&](Database& database) {
    Gallery gallery(database, ImageStore(database, data.storage->files()));
    check_refused("image_not_found", "no such picture", [&] { gallery.keep({random_id(), "t", "{}"}, 1'000); });
    check_refused("image_not_found", "no such picture", [&] {
      gallery.keep({image.id, "t", "{}"}, 1'000 + ImageLimits{}.lifetime);
    });
    check_refused("invalid_value", "2000", [&] { gallery.keep({image.id, std::string(2'001, 't'), "{}"}, 1'000); });
    check_refused("invalid_value", "UTF-8", [&] { gallery.keep({image.id, "\xff", "{}"}, 1'000); });
  });
}
