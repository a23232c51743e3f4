#include "native/storage/database.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "native/storage/schema.h"
#include "tests/native/checkpoint/temporary_folder.h"
#include "tests/shared/tokenizer/refusal.h"

using namespace palimpsest;
using palimpsest::test::check_refused;
using palimpsest::testing::TemporaryFolder;

namespace {

std::int64_t number(Database& database, const char* sql) {
  Rows rows = database.query(sql);
  REQUIRE(rows.next());
  return rows.integer(0);
}

void fill(const std::string& path) {
  Database database(path);
  database.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT); CREATE INDEX t_b ON t(b)");
  database.run("BEGIN");
  for (int i = 0; i < 2'000; ++i) database.run("INSERT INTO t(b) VALUES(?)", std::string(50, 'x') + std::to_string(i));
  database.run("COMMIT");
}

void overwrite(const std::string& path, std::streamoff offset, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(offset);
  file << bytes;
}

}  // namespace

TEST_CASE("values come back as they were bound, and absent ones as NULL") {
  const TemporaryFolder folder;
  Database database(folder.path("a.sqlite"));
  database.execute("CREATE TABLE t(i, s, n)");
  const std::string text("a\0'\xC3\xA9", 5);
  database.run("INSERT INTO t VALUES(?, ?, ?)", std::int64_t{INT64_MIN}, text, std::optional<std::int64_t>());
  Rows rows = database.query("SELECT i, s, n FROM t");
  REQUIRE(rows.next());
  CHECK(rows.integer(0) == INT64_MIN);
  CHECK(rows.text(1) == text);
  CHECK_FALSE(rows.maybe_integer(2).has_value());
  CHECK_FALSE(rows.next());
}

TEST_CASE("the same statement can be in use twice") {
  const TemporaryFolder folder;
  Database database(folder.path("a.sqlite"));
  database.execute("CREATE TABLE t(a); INSERT INTO t VALUES(1), (2)");
  int pairs = 0;
  for (Rows outer = database.query("SELECT a FROM t"); outer.next();) {
    for (Rows inner = database.query("SELECT a FROM t"); inner.next();) ++pairs;
  }
  CHECK(pairs == 4);
}

TEST_CASE("commits are synchronised, logged ahead, and nothing is memory-mapped") {
  const TemporaryFolder folder;
  Database database(folder.path("a.sqlite"));
  CHECK(number(database, "PRAGMA synchronous") == 2);  // FULL
  CHECK(number(database, "PRAGMA mmap_size") == 0);
  CHECK(number(database, "PRAGMA foreign_keys") == 1);
  CHECK(number(database, "PRAGMA trusted_schema") == 0);
  Rows rows = database.query("PRAGMA journal_mode");
  REQUIRE(rows.next());
  CHECK(rows.text(0) == "wal");
}

TEST_CASE("a reading connection cannot write") {
  const TemporaryFolder folder;
  fill(folder.path("a.sqlite"));
  Database reader(folder.path("a.sqlite"), Database::Access::read_only);
  check_refused("storage_read_only", "cannot be written", [&] { reader.run("DELETE FROM t"); });
}

TEST_CASE("migrations run once each, in order") {
  const TemporaryFolder folder;
  const std::vector<const char*> steps = {"CREATE TABLE t(a)", "INSERT INTO t VALUES(7)", "INSERT INTO t VALUES(8)"};
  {
    Database database(folder.path("a.sqlite"));
    database.migrate(std::span(steps).first(2));
    CHECK(number(database, "SELECT count(*) FROM t") == 1);
  }
  Database database(folder.path("a.sqlite"));
  database.migrate(steps);
  database.migrate(steps);
  CHECK(number(database, "SELECT sum(a) FROM t") == 15);
  CHECK(number(database, "PRAGMA user_version") == 3);
}

TEST_CASE("a migration that fails leaves the version before it") {
  const TemporaryFolder folder;
  Database database(folder.path("a.sqlite"));
  const std::vector<const char*> steps = {"CREATE TABLE t(a)",
                                          "INSERT INTO t VALUES(7); INSERT INTO missing VALUES(1)"};
  check_refused("storage_failed", "missing", [&] { database.migrate(steps); });
  CHECK(number(database, "PRAGMA user_version") == 1);
  CHECK(number(database, "SELECT count(*) FROM t") == 0);
  CHECK_FALSE(database.in_transaction());
}

TEST_CASE("a database of a newer program is refused") {
  const TemporaryFolder folder;
  Database database(folder.path("a.sqlite"));
  database.execute("PRAGMA user_version=1000");
  check_refused("storage_newer", "version 1000", [&] { database.migrate(schema_migrations()); });
}

TEST_CASE("a truncated database is refused with a sentence that says what to do") {
  const TemporaryFolder folder;
  const std::string path = folder.path("a.sqlite");
  fill(path);
  for (const std::uintmax_t size : {std::uintmax_t{100}, std::uintmax_t{4'096}, std::filesystem::file_size(path) / 2}) {
    CAPTURE(size);
    const std::string copy = folder.path("copy" + std::to_string(size));
    std::filesystem::copy_file(path, copy);
    std::filesystem::resize_file(copy, size);
    check_refused("storage_damaged", "restore it from a copy", [&] { Database(copy).check_integrity(); });
  }
}

TEST_CASE("a page that was overwritten is found before it is used") {
  const TemporaryFolder folder;
  const std::string path = folder.path("a.sqlite");
  fill(path);
  overwrite(path, 3 * 4'096, std::string(200, '\x5a'));
  check_refused("storage_damaged", path, [&] { Database(path).check_integrity(); });
}

TEST_CASE("a file that is no database is refused") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.sqlite", std::string(10'000, 'q'));
  check_refused("storage_damaged", "not a database", [&] { Database(path).check_integrity(); });
}
