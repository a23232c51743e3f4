#include "native/checkpoint/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "shared/base/error.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

[[noreturn]] void refuse_by_errno(const std::string& path, int error) {
  const std::string where = printable(path, 300);
  if (error == ENOENT || error == ENOTDIR) fail("MODEL_NOT_FOUND", where + ": there is no such file");
  fail("MODEL_UNREADABLE", where + ": cannot be read: " + std::strerror(error));
}

void refuse_unless_regular(const std::string& path, mode_t mode) {
  if (S_ISREG(mode)) return;
  const char* kind = S_ISDIR(mode) ? "a folder" : S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
  fail("MODEL_PATH_REFUSED", printable(path, 300) + ": is " + kind + ", not a file");
}

}  // namespace

RegularFile::RegularFile(const std::string& path) : path_(path) {
  // Looked at before it is opened, since opening a device can do things; and again after, since it may be swapped.
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) refuse_by_errno(path, errno);
  refuse_unless_regular(path, status.st_mode);
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor_ < 0) refuse_by_errno(path, errno);
  try {
    if (::fstat(descriptor_, &status) != 0) refuse_by_errno(path, errno);
    refuse_unless_regular(path, status.st_mode);
    state_ = current_state();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

RegularFile::~RegularFile() {
  ::close(descriptor_);
}

std::string RegularFile::read(std::size_t max_bytes) const {
  const std::string where = printable(path_, 300);
  if (size_bytes() > max_bytes)
    fail("MODEL_LIMIT", where + ": the file has " + std::to_string(size_bytes()) + " bytes; at most " +
                            std::to_string(max_bytes) + " are read");
  std::string text(static_cast<std::size_t>(size_bytes()), '\0');
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::pread(descriptor_, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse_by_errno(path_, errno);
    if (count == 0) fail("MODEL_CHANGED", where + ": the file was cut short while it was read");
    done += static_cast<std::size_t>(count);
  }
  return text;
}

bool RegularFile::is_unchanged() const {
  return current_state() == state_;
}

RegularFile::State RegularFile::current_state() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) refuse_by_errno(path_, errno);
  return {static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

}  // namespace palimpsest
