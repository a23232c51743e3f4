#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "native/storage/database.h"

namespace palimpsest {

/// What a change survives once it is done.
enum class Durability {
  disk,     ///< a power cut: for all that somebody was told of
  process,  ///< the end of the process, kill -9 too: for what nobody was told of yet
};

/// The one thread that writes. Changes that wait while a commit is being synchronised to the disk share the next one,
/// so that many callers pay for one synchronisation and none is answered before its change is on the disk.
class Writer {
 public:
  /// Changes rows; runs on the writer's thread inside a transaction. What it throws undoes this change alone.
  using Change = std::function<void(Database&)>;
  /// Called on the writer's thread once the change is as durable as was asked, or with the error that undid it. Must be
  /// short, must not throw and must not wait for another change.
  using Done = std::function<void(const std::optional<Error>&)>;

  /// `after_commit` runs on the writer's thread after every group, outside of a transaction.
  Writer(Database database, Change after_commit);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  /// Commits what is waiting.
  ~Writer();

  /// Adds a change and returns. `storage_busy` reaches `done` on the calling thread where kMaxWaiting changes wait.
  /// After a failed synchronisation every change gets `storage_failed` until the program is started again.
  void write(Change change, Done done, Durability durability = Durability::disk);

  /// Adds a change and waits for its commit; throws its error. Not from the writer's own thread.
  void write_and_wait(Change change);

  static constexpr std::size_t kMaxWaiting = 4'096;
  static constexpr std::size_t kMaxPerCommit = 64;

 private:
  struct Item {
    Change change;
    Done done;
    Durability durability;
    std::optional<Error> error = {};
  };

  void loop();
  std::vector<Item> next_group();
  void commit(std::vector<Item>& group);
  void apply(Item& item);
  void tidy();

  Database database_;
  Change after_commit_;
  std::optional<Error> broken_;  // writer's thread only
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Item> waiting_;  // guarded by mutex_
  bool closing_ = false;       // guarded by mutex_
  std::thread thread_;         // last: it uses all of the above
};

}  // namespace palimpsest
