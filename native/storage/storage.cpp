#include "native/storage/storage.h"

#include <sys/stat.h>

#include <chrono>
#include <filesystem>

#include "native/storage/durable_file.h"
#include "native/storage/schema.h"

namespace palimpsest {
namespace {

std::string made(const std::string& folder) {
  const std::filesystem::path parent = std::filesystem::path(folder).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) fail(codes::kStorageFailed, "cannot make the folder " + parent.string() + ": " + error.message(), 500);
  make_folder_durably(folder);
  return folder;
}

std::string database_path(const std::string& folder) {
  return folder + "/palimpsest.sqlite";
}

bool is_named(Database& database, const std::string& digest) {
  return database.query("SELECT 1 FROM files WHERE digest = ?", digest).next();
}

}  // namespace

UnixMillis unix_now() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

DataStore::DataStore(const std::string& folder)
    : folder_(made(folder)),
      lock_(folder_),
      files_(folder_ + "/files"),
      writer_(std::make_unique<Writer>(open_database(), [this](Database& db) { delete_removed_files(db); })) {}

Database DataStore::open_database() {
  Database database(database_path(folder_));
  database.check_integrity();
  database.migrate(schema_migrations());
  delete_removed_files(database);
  delete_unnamed_files(database);
  return database;
}

void DataStore::delete_removed_files(Database& database) const {
  std::vector<std::string> digests;
  for (Rows rows = database.query("SELECT digest FROM removed_files"); rows.next();) digests.push_back(rows.text(0));
  if (digests.empty()) return;
  database.run("BEGIN IMMEDIATE");
  for (const std::string& digest : digests) {
    // The same content may have been stored again since.
    if (!is_named(database, digest)) files_.remove(digest);
    database.run("DELETE FROM removed_files WHERE digest = ?", digest);
  }
  database.run("COMMIT");
}

// A crash between the writing of a file and the commit of its row leaves such files.
void DataStore::delete_unnamed_files(Database& database) const {
  for (const std::string& digest : files_.list()) {
    if (!is_named(database, digest)) files_.remove(digest);
  }
}

DataStore::Reader::Reader(DataStore& storage) : storage_(storage) {
  {
    const std::lock_guard lock(storage.readers_mutex_);
    if (!storage.idle_readers_.empty()) {
      database_ = std::move(storage.idle_readers_.back());
      storage.idle_readers_.pop_back();
    }
  }
  if (!database_) {
    database_ = std::make_unique<Database>(database_path(storage.folder_), Database::Access::read_only);
  }
  database_->run("BEGIN");
}

DataStore::Reader::~Reader() {
  try {
    database_->run("ROLLBACK");
  } catch (const PalimpsestError&) {
    return;  // A connection that cannot end its transaction is closed instead of used again.
  }
  const std::lock_guard lock(storage_.readers_mutex_);
  storage_.idle_readers_.push_back(std::move(database_));
}

}  // namespace palimpsest
