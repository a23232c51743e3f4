#include "native/storage/database.h"

#include <sqlite3.h>

#include <utility>

namespace palimpsest {
namespace {

constexpr int kBusyTimeoutMs = 5'000;

Error storage_error(int code, const std::string& path, const std::string& detail) {
  const auto error = [&](std::string_view name, const std::string& text, int status) {
    return Error{std::string(name), "the database " + path + " " + text, {}, status};
  };
  switch (code & 0xff) {
    case SQLITE_FULL:
      return error(codes::kStorageFull, "cannot grow: the disk is full", 507);
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return error(codes::kStorageReadOnly, "cannot be written: " + detail, 507);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return error(codes::kStorageDamaged,
                   "is damaged (" + detail + "); restore it from a copy, or move it away to start with an empty one",
                   500);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return error(codes::kStorageBusy, "is held by another process", 503);
    default:
      return error(codes::kStorageFailed, "failed: " + detail, 500);
  }
}

}  // namespace

Rows::Rows(Rows&& other) noexcept
    : database_(other.database_), sql_(other.sql_), statement_(std::exchange(other.statement_, nullptr)) {}

Rows::~Rows() {
  if (statement_ != nullptr) database_->release(sql_, statement_);
}

bool Rows::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_->raise(code);
  return false;
}

std::int64_t Rows::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Rows::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(statement_, column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::optional<std::int64_t> Rows::maybe_integer(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

std::optional<std::string> Rows::maybe_text(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return text(column);
}

void Rows::bind(int index, std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_, index, value);
  if (code != SQLITE_OK) database_->raise(code);
}

void Rows::bind(int index, std::string_view value) {
  const char* bytes = value.data() == nullptr ? "" : value.data();
  const int code = sqlite3_bind_text64(statement_, index, bytes, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) database_->raise(code);
}

Database::Database(const std::string& path, Access access) : path_(path) {
  const int mode = access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &handle_, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  try {
    if (code != SQLITE_OK) raise(code);
    configure(access);
  } catch (...) {
    sqlite3_close_v2(handle_);
    throw;
  }
}

Database::Database(Database&& other) noexcept
    : path_(std::move(other.path_)),
      is_synchronised_(other.is_synchronised_),
      handle_(std::exchange(other.handle_, nullptr)),
      idle_(std::move(other.idle_)) {}

Database::~Database() {
  for (auto& [sql, statements] : idle_) {
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  }
  sqlite3_close_v2(handle_);
}

void Database::configure(Access access) {
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  execute("PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0");
  if (access == Access::read_write) execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
}

// A later commit that waits makes all before it durable too: they are in the same log.
void Database::set_synchronised(bool synchronised) {
  if (std::exchange(is_synchronised_, synchronised) == synchronised) return;
  execute(synchronised ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

void Database::execute(const std::string& script) {
  const int code = sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) raise(code);
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

bool Database::sync_failed() const {
  const int code = sqlite3_extended_errcode(handle_);
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

void Database::check_integrity() {
  Rows rows = query("PRAGMA quick_check(1)");
  const bool answered = rows.next();
  const std::string answer = answered ? rows.text(0) : "no answer";
  if (answer != "ok") throw PalimpsestError(storage_error(SQLITE_CORRUPT, path_, answer));
}

std::int64_t Database::user_version() {
  Rows rows = query("PRAGMA user_version");
  return rows.next() ? rows.integer(0) : 0;
}

void Database::migrate(std::span<const char* const> migrations) {
  const std::int64_t version = user_version();
  const auto newest = static_cast<std::int64_t>(migrations.size());
  if (version < 0 || version > newest) {
    fail(codes::kStorageNewer,
         "the database " + path_ + " has version " + std::to_string(version) + "; this program knows versions up to " +
             std::to_string(newest) + ", so a newer program is needed to open it",
         500);
  }
  for (std::int64_t step = version; step < newest; ++step) {
    execute("BEGIN IMMEDIATE");
    try {
      execute(migrations[static_cast<std::size_t>(step)]);
      execute("PRAGMA user_version=" + std::to_string(step + 1) + "; COMMIT");
    } catch (...) {
      if (in_transaction()) execute("ROLLBACK");
      throw;
    }
  }
}

sqlite3_stmt* Database::acquire(std::string_view sql) {
  std::vector<sqlite3_stmt*>& idle = idle_[sql];
  if (!idle.empty()) {
    sqlite3_stmt* statement = idle.back();
    idle.pop_back();
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) raise(code);
  return statement;
}

void Database::release(std::string_view sql, sqlite3_stmt* statement) noexcept {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  idle_[sql].push_back(statement);
}

std::int64_t Database::changed_rows() const {
  return sqlite3_changes64(handle_);
}

void Database::raise(int code) const {
  const std::string detail = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  throw PalimpsestError(storage_error(code, path_, detail));
}

}  // namespace palimpsest
