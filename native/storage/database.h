// native/storage: what must survive a crash: jobs, their events, pictures and the gallery, in SQLite and in files named
// by their content. The only home of sqlite3. Included by native/jobs, providers and server; includes shared/base, api
// and image. Start with storage.h (the data folder), then job_store.h and image_store.h (what is in it).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shared/base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace palimpsest {

namespace codes {
inline constexpr std::string_view kStorageFull = "storage_full";
inline constexpr std::string_view kStorageDamaged = "storage_damaged";
inline constexpr std::string_view kStorageReadOnly = "storage_read_only";
inline constexpr std::string_view kStorageBusy = "storage_busy";
inline constexpr std::string_view kStorageFailed = "storage_failed";
inline constexpr std::string_view kStorageNewer = "storage_newer";
inline constexpr std::string_view kStorageInUse = "storage_in_use";
}  // namespace codes

class Database;

/// The rows of one running statement, read one after the other. Lives shorter than its Database.
class Rows {
 public:
  Rows(Rows&& other) noexcept;
  Rows& operator=(Rows&&) = delete;
  ~Rows();

  /// Moves to the next row; false at the end. Until its first call there is no row. Errors: the storage codes.
  bool next();

  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::optional<std::int64_t> maybe_integer(int column) const;
  std::optional<std::string> maybe_text(int column) const;

 private:
  friend class Database;
  Rows(Database& database, std::string_view sql, sqlite3_stmt* statement)
      : database_(&database), sql_(sql), statement_(statement) {}

  void bind(int index, std::int64_t value);
  void bind(int index, int value) { bind(index, std::int64_t{value}); }
  void bind(int index, std::string_view value);
  template <typename T>
  void bind(int index, const std::optional<T>& value) {
    if (value) bind(index, *value);
  }

  Database* database_;
  std::string_view sql_;
  sqlite3_stmt* statement_;
};

/// One connection to a SQLite file; used by one thread at a time. Errors are PalimpsestError with the codes above:
/// `storage_full` and `storage_read_only` (507), `storage_damaged` (500, names the file and what to do), `storage_busy`
/// (503), `storage_failed` (500).
class Database {
 public:
  enum class Access { read_write, read_only };

  /// Opens the file, and with read_write makes it where it is missing: write-ahead log, every commit synchronised to
  /// the disk, foreign keys on, no memory mapping (SQLite 3.40 can damage a mapped log).
  explicit Database(const std::string& path, Access access = Access::read_write);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) = delete;
  ~Database();

  /// Starts a statement; `?` are filled in order with integers, text, or optionals (absent: NULL). Statements are
  /// prepared once and kept, so `sql` must be a literal.
  template <typename... Values>
  Rows query(const char* sql, const Values&... values) {
    Rows rows(*this, sql, acquire(sql));
    int index = 0;
    (rows.bind(++index, values), ...);
    return rows;
  }

  /// Runs a statement to its end; returns how many rows it inserted, changed or deleted.
  template <typename... Values>
  std::int64_t run(const char* sql, const Values&... values) {
    Rows rows = query(sql, values...);
    while (rows.next()) continue;
    return changed_rows();
  }

  /// Whether commits from now on wait for the disk. Not inside of a transaction.
  void set_synchronised(bool synchronised);

  /// Runs one or more statements without parameters.
  void execute(const std::string& script);

  /// Whether a transaction is open; SQLite ends one by itself after some errors.
  bool in_transaction() const;

  /// Whether the last error of this connection was a failed synchronisation: what the disk holds is then unknown, and
  /// trying again can report success without it (fsync reports an error once).
  bool sync_failed() const;

  /// Throws `storage_damaged` where the pages of the file are not well formed.
  void check_integrity();

  /// Brings the file from its `user_version` to migrations.size(), each step in a transaction of its own together with
  /// the new version. Errors: `storage_newer` for a file of a later version.
  void migrate(std::span<const char* const> migrations);

 private:
  friend class Rows;

  sqlite3_stmt* acquire(std::string_view sql);
  void release(std::string_view sql, sqlite3_stmt* statement) noexcept;
  std::int64_t changed_rows() const;
  std::int64_t user_version();
  [[noreturn]] void raise(int code) const;
  void configure(Access access);

  std::string path_;
  bool is_synchronised_ = true;
  sqlite3* handle_ = nullptr;
  // Statements at rest by their text; one in use is taken out, so that nested use of the same text is fine.
  std::unordered_map<std::string_view, std::vector<sqlite3_stmt*>> idle_;
};

}  // namespace palimpsest
