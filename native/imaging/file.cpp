#include "native/imaging/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "shared/base/error.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

[[noreturn]] void fail_reading(const std::string& path, const std::string& why) {
  fail("file_not_readable", fmt::format("{} cannot be read: {}", printable(path), why));
}

[[noreturn]] void fail_too_large(const std::string& path, std::size_t max_bytes) {
  fail("file_too_large", fmt::format("{} is larger than the {} bytes that are read", printable(path), max_bytes), 413);
}

int open_to_read(const std::string& path) {
  // Not blocking: opening a named pipe must not wait for a writer.
  const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (number >= 0) return number;
  const int error = errno;
  if (error == ENOENT || error == ENOTDIR) {
    fail("file_not_found", fmt::format("{} does not exist", printable(path)), 404);
  }
  fail_reading(path, reason(error));
}

/// Reads up to the end, but not more than one byte past `max_bytes`.
std::string read_all(int number, const std::string& path, std::size_t expected, std::size_t max_bytes) {
  std::string bytes(expected + 1, '\0');  // one more, to see the end without reading twice
  std::size_t filled = 0;
  for (;;) {
    if (filled > max_bytes) fail_too_large(path, max_bytes);
    if (filled == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t got = ::read(number, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_reading(path, reason(errno));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

[[noreturn]] void fail_writing(const std::string& path, const std::string& why) {
  fail("output_not_written", fmt::format("{} was not written: {}", printable(path), why), 500);
}

/// The file that a path leads to; a rename onto a device or a pipe would replace it.
std::filesystem::path writing_target(const std::string& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0) return path;
  if (S_ISDIR(found.st_mode)) fail_writing(path, "it is a folder");
  if (!S_ISREG(found.st_mode)) fail_writing(path, "it is not a regular file");
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  if (error) fail_writing(path, error.message());
  return target;
}

/// A new file beside the target, deleted again unless it is renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target) : target_(target) {
    static std::atomic<unsigned> next = 0;
    int number = -1;
    do {
      name_ = target_.parent_path() /
              fmt::format(".{}.{}.{}.part", target_.filename().string().substr(0, 200), ::getpid(), next++);
      number = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (number < 0 && errno == EEXIST);
    if (number < 0) fail_writing(target_.string(), reason(errno));
    number_ = number;
  }
  ~TemporaryFile() {
    if (number_ >= 0) ::close(number_);
    if (!name_.empty()) ::unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(number_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_writing(target_.string(), reason(errno));
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void become_target() {
    check(::fsync(number_));
    check(::close(std::exchange(number_, -1)));
    check(::rename(name_.c_str(), target_.c_str()));
    name_.clear();
  }

 private:
  void check(int status) const {
    if (status != 0) fail_writing(target_.string(), reason(errno));
  }

  std::filesystem::path target_, name_;
  int number_ = -1;
};

}  // namespace

std::string read_file_limited(const std::string& path, std::size_t max_bytes) {
  const FileDescriptor file(open_to_read(path));
  struct stat found = {};
  if (::fstat(file.number(), &found) != 0) fail_reading(path, reason(errno));
  if (S_ISDIR(found.st_mode)) fail_reading(path, "it is a folder");
  if (!S_ISREG(found.st_mode)) fail_reading(path, "it is not a regular file");
  const auto size = static_cast<std::size_t>(found.st_size);
  if (size > max_bytes) fail_too_large(path, max_bytes);
  return read_all(file.number(), path, size, max_bytes);
}

void write_file_atomically(const std::string& path, std::string_view bytes) {
  TemporaryFile file(writing_target(path));
  file.write(bytes);
  file.become_target();
}

}  // namespace palimpsest
