#include "native/storage/writer.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <future>
#include <string>

#include "tests/native/checkpoint/temporary_folder.h"
#include "tests/native/storage/failing_calls.h"
#include "tests/shared/tokenizer/refusal.h"

using namespace palimpsest;
using palimpsest::test::Call;
using palimpsest::test::CallFailures;
using palimpsest::test::check_refused;
using palimpsest::testing::TemporaryFolder;

namespace {

struct Table {
  TemporaryFolder folder;
  std::unique_ptr<Writer> writer;

  Table() {
    Database database(path());
    database.execute("CREATE TABLE t(a INTEGER UNIQUE)");
    writer = std::make_unique<Writer>(std::move(database), [](Database&) {});
  }
  std::string path() const { return folder.path("a.sqlite"); }

  void insert(int value) {
    writer->write_and_wait([value](Database& database) { database.run("INSERT INTO t VALUES(?)", value); });
  }
  std::int64_t count() const {
    Database reader(path(), Database::Access::read_only);
    Rows rows = reader.query("SELECT count(*) FROM t");
    rows.next();
    return rows.integer(0);
  }
};

/// Holds the writer inside a change until it is let go, so that what comes meanwhile has to wait.
struct Gate {
  explicit Gate(Writer& writer) {
    writer.write(
        [this](Database&) {
          entered.set_value();
          open.get_future().wait();
        },
        [](const std::optional<Error>&) {});
    entered.get_future().wait();
  }
  std::promise<void> entered, open;
};

}  // namespace

TEST_CASE("a change that nobody was told of waits for no synchronisation, and shares that of one that needs it") {
  Table table;
  table.insert(1);
  test::let_calls_succeed();
  std::promise<void> stored;
  table.writer->write([](Database& database) { database.run("INSERT INTO t VALUES(2)"); },
                      [&](const std::optional<Error>&) { stored.set_value(); }, Durability::process);
  stored.get_future().wait();
  CHECK(test::calls(Call::sync) == 0);
  CHECK(table.count() == 2);
  table.insert(3);
  CHECK(test::calls(Call::sync) == 1);
}

TEST_CASE("changes that wait together share one commit") {
  Table table;
  constexpr int kChanges = 60;
  test::let_calls_succeed();
  std::atomic<int> done{0};
  {
    Gate gate(*table.writer);
    for (int i = 0; i < kChanges; ++i) {
      table.writer->write([i](Database& database) { database.run("INSERT INTO t VALUES(?)", i); },
                          [&](const std::optional<Error>& error) { done += error ? 0 : 1; });
    }
    gate.open.set_value();
    table.writer->write_and_wait([](Database&) {});
  }
  table.writer.reset();
  CHECK(done == kChanges);
  CHECK(table.count() == kChanges);
  // A commit costs one synchronisation of the log; closing folds the log into the file with a few more.
  CHECK(test::calls(Call::sync) <= 8);
}

TEST_CASE("a change is readable by others when it is acknowledged, and not before") {
  Table table;
  std::int64_t during = -1, after = -1;
  table.writer->write(
      [&](Database& database) {
        database.run("INSERT INTO t VALUES(1)");
        during = table.count();
      },
      [&](const std::optional<Error>&) { after = table.count(); });
  table.writer.reset();
  CHECK(during == 0);
  CHECK(after == 1);
}

TEST_CASE("a change that fails is undone alone and hears why") {
  Table table;
  table.insert(1);
  std::optional<Error> failure;
  {
    Gate gate(*table.writer);
    const auto add = [&](int first, int second, std::optional<Error>* error) {
      table.writer->write(
          [=](Database& database) {
            database.run("INSERT INTO t VALUES(?)", first);
            database.run("INSERT INTO t VALUES(?)", second);
          },
          [=](const std::optional<Error>& problem) {
            if (error != nullptr) *error = problem;
          });
    };
    add(10, 11, nullptr);
    add(20, 1, &failure);  // 1 is there already
    add(30, 31, nullptr);
    gate.open.set_value();
    table.writer->write_and_wait([](Database&) {});
  }
  CHECK(table.count() == 5);
  REQUIRE(failure.has_value());
  CHECK(failure->code == "storage_failed");
  CHECK(failure->message.find("UNIQUE") != std::string::npos);
}

TEST_CASE("on a full disk every write call may fail: nothing is half stored, and writing goes on when there is space") {
  const CallFailures failures;
  Table table;
  int value = 0, refused = 0;
  for (int nth = 1;; ++nth) {
    CAPTURE(nth);
    REQUIRE(nth < 100);
    const std::int64_t before = table.count();
    test::fail_call(Call::write, nth, ENOSPC);
    bool stored = true;
    try {
      table.insert(++value);
    } catch (const PalimpsestError& error) {
      stored = false;
      ++refused;
      CHECK(error.error().code == "storage_full");
      CHECK(error.error().http_status == 507);
    }
    const bool failed_once = test::calls(Call::write) >= nth;
    test::let_calls_succeed();
    CHECK(table.count() == before + (stored ? 1 : 0));
    if (!failed_once) break;
  }
  CHECK(refused > 0);
  table.insert(++value);
}

TEST_CASE("after a failed synchronisation nothing more is written until a restart") {
  const CallFailures failures;
  Table table;
  table.insert(1);
  test::fail_call(Call::sync, 1, EIO);
  check_refused("storage_failed", "", [&] { table.insert(2); });
  test::let_calls_succeed();
  check_refused("storage_failed", "until a restart", [&] { table.insert(3); });
  CHECK(test::calls(Call::write) == 0);
  table.writer.reset();
  table.writer = std::make_unique<Writer>(Database(table.path()), [](Database&) {});
  table.insert(4);
}

TEST_CASE("more changes than may wait are answered at once") {
  Table table;
  Gate gate(*table.writer);
  std::atomic<int> refused{0}, stored{0};
  for (std::size_t i = 0; i < Writer::kMaxWaiting + 100; ++i) {
    table.writer->write([](Database&) {},
                        [&](const std::optional<Error>& error) {
                          (error ? refused : stored)++;
                          if (error) CHECK(error->code == "storage_busy");
                        });
  }
  CHECK(refused == 100);
  gate.open.set_value();
  table.writer.reset();
  CHECK(stored + refused == static_cast<int>(Writer::kMaxWaiting) + 100);
}
