#include "native/storage/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "native/storage/database.h"

namespace palimpsest {
namespace {

std::string owner_in(int descriptor) {
  std::array<char, 16> digits;
  const ssize_t count = ::pread(descriptor, digits.data(), digits.size(), 0);
  return count > 0 ? "process " + std::string(digits.data(), static_cast<std::size_t>(count)) : "another process";
}

}  // namespace

FolderLock::FolderLock(const std::string& folder) {
  const std::string path = folder + "/lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0) fail(codes::kStorageFailed, "cannot open " + path + ": " + std::strerror(errno), 500);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const std::string owner = owner_in(descriptor_);
    ::close(descriptor_);
    fail(codes::kStorageInUse, "the data folder " + folder + " is in use by " + owner, 500);
  }
  const std::string number = std::to_string(::getpid());
  const bool noted = ::ftruncate(descriptor_, 0) == 0 &&
                     ::pwrite(descriptor_, number.data(), number.size(), 0) == static_cast<ssize_t>(number.size());
  if (noted) return;
  ::close(descriptor_);
  fail(codes::kStorageFailed, "cannot write " + path, 500);
}

FolderLock::~FolderLock() {
  ::close(descriptor_);
}

}  // namespace palimpsest
