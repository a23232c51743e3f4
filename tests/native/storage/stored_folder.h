#pragma once

#include <memory>
#include <string>

#include "native/storage/image_store.h"
#include "native/storage/job_store.h"
#include "native/storage/random_id.h"
#include "native/storage/storage.h"
#include "tests/native/checkpoint/temporary_folder.h"

namespace palimpsest::test {

/// A data folder that can be closed and opened again.
struct StoredFolder {
  palimpsest::testing::TemporaryFolder folder;
  std::unique_ptr<DataStore> storage = std::make_unique<DataStore>(path());

  std::string path(const std::string& relative = "") const {
    return folder.path("data" + (relative.empty() ? "" : "/" + relative));
  }

  void reopen() {
    storage.reset();
    storage = std::make_unique<DataStore>(path());
  }

  /// Runs `change` in a commit of its own and returns what it returns.
  template <typename Change>
  auto commit(Change change) {
    std::optional<decltype(change(std::declval<Database&>()))> value;
    storage->write_and_wait([&](Database& database) { value = change(database); });
    return *std::move(value);
  }

  template <typename Change>
  auto change_jobs(Change change) {
    return commit([&](Database& database) {
      JobStore jobs(database, storage->files());
      return change(jobs);
    });
  }

  std::optional<JobRecord> job(const std::string& id) {
    return storage->read([&](Database& database) { return JobStore(database, storage->files()).find(id); });
  }
};

inline NewJob new_job(const std::string& client = "client", const std::string& request = "{}") {
  return {random_id(), client, request};
}

}  // namespace palimpsest::test
