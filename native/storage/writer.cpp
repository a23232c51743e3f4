#include "native/storage/writer.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <utility>

namespace palimpsest {
namespace {

/// Runs `work` and returns what it threw.
template <typename Work>
std::optional<Error> error_of(Work&& work) {
  try {
    work();
    return std::nullopt;
  } catch (const PalimpsestError& problem) {
    return problem.error();
  } catch (const std::exception& problem) {
    return Error{std::string(codes::kInternal), problem.what(), {}, 500};
  }
}

}  // namespace

Writer::Writer(Database database, Change after_commit)
    : database_(std::move(database)), after_commit_(std::move(after_commit)), thread_([this] { loop(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Writer::write(Change change, Done done, Durability durability) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < kMaxWaiting) {
      waiting_.push_back({std::move(change), std::move(done), durability});
      changed_.notify_one();
      return;
    }
  }
  done(Error{std::string(codes::kStorageBusy),
             std::to_string(kMaxWaiting) + " changes are waiting to be stored, which is the limit",
             {},
             503});
}

void Writer::write_and_wait(Change change) {
  std::promise<std::optional<Error>> promise;
  write(std::move(change), [&promise](const std::optional<Error>& error) { promise.set_value(error); });
  const std::optional<Error> error = promise.get_future().get();
  if (error) throw PalimpsestError(*error);
}

void Writer::loop() {
  for (;;) {
    std::vector<Item> group = next_group();
    if (group.empty()) return;
    commit(group);
    for (const Item& item : group) item.done(item.error);
    tidy();
  }
}

std::vector<Writer::Item> Writer::next_group() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMaxPerCommit));
  std::vector<Item> group(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return group;
}

void Writer::commit(std::vector<Item>& group) {
  std::optional<Error> error = broken_;
  if (!error) {
    error = error_of([&] {
      database_.set_synchronised(std::any_of(group.begin(), group.end(),
                                             [](const Item& item) { return item.durability == Durability::disk; }));
      database_.run("BEGIN");
      for (Item& item : group) apply(item);
      database_.run("COMMIT");
    });
    if (error && database_.sync_failed()) {
      broken_ = Error{
          std::string(codes::kStorageFailed),
          "the disk did not keep what was written; nothing more is written until a restart (" + error->message + ")",
          {},
          500};
    }
    if (error && database_.in_transaction()) database_.run("ROLLBACK");
  }
  if (!error) return;
  for (Item& item : group) {
    if (!item.error) item.error = error;
  }
}

void Writer::apply(Item& item) {
  database_.run("SAVEPOINT change");
  item.error = error_of([&] { item.change(database_); });
  // A full disk ends the whole transaction: then the group fails as one.
  if (item.error && !database_.in_transaction()) throw PalimpsestError(*item.error);
  database_.execute(item.error ? "ROLLBACK TO change; RELEASE change" : "RELEASE change");
}

void Writer::tidy() {
  if (broken_) return;
  // What could not be tidied now waits in its table for the next commit.
  const std::optional<Error> error = error_of([&] { after_commit_(database_); });
  if (error && database_.in_transaction()) database_.run("ROLLBACK");
}

}  // namespace palimpsest
