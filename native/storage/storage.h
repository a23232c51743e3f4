#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "native/storage/content_files.h"
#include "native/storage/database.h"
#include "native/storage/folder_lock.h"
#include "native/storage/writer.h"

namespace palimpsest {

/// Milliseconds since 1970-01-01 UTC, as all stored times.
using UnixMillis = std::int64_t;
UnixMillis unix_now();

/// One data folder: `palimpsest.sqlite` and the files named by content under `files/`, held by one process. Changes go
/// through the writer, reads through connections of their own, so that neither waits for the other. Tables are used
/// through JobStore, JobEvents, ImageStore and Gallery: light views made from the Database& of a change or a read.
class DataStore {
 public:
  /// Opens the folder, making it where it is missing; checks the database, brings it to the newest version and deletes
  /// files that no row names. Errors: `storage_in_use`, `storage_damaged`, `storage_newer`, `storage_failed`.
  explicit DataStore(const std::string& folder);

  /// As Writer.
  void write(Writer::Change change, Writer::Done done, Durability durability = Durability::disk) {
    writer_->write(std::move(change), std::move(done), durability);
  }
  void write_and_wait(Writer::Change change) { writer_->write_and_wait(std::move(change)); }

  /// Returns what `query` makes of a reading connection, at one point in time. From any thread.
  template <typename Query>
  auto read(Query query) {
    Reader reader(*this);
    return query(reader.database());
  }

  const ContentFiles& files() const { return files_; }

 private:
  /// Borrows a reading connection; inside of a transaction, so that several queries see the same rows.
  class Reader {
   public:
    explicit Reader(DataStore& storage);
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader();
    Database& database() { return *database_; }

   private:
    DataStore& storage_;
    std::unique_ptr<Database> database_;
  };

  Database open_database();
  void delete_removed_files(Database& database) const;
  void delete_unnamed_files(Database& database) const;

  std::string folder_;
  FolderLock lock_;
  ContentFiles files_;
  // The writer is the last to close its connection, for it alone can fold the log into the file.
  std::unique_ptr<Writer> writer_;
  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<Database>> idle_readers_;  // guarded by readers_mutex_
};

}  // namespace palimpsest
