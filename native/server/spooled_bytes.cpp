#include "native/server/spooled_bytes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

[[noreturn]] void fail_spool(const char* what) {
  fail("spool_failed", std::string("the upload could not be ") + what + ": " + std::strerror(errno), 507);
}

int open_nameless_file(const std::string& folder) {
  std::string name = folder + "/upload-XXXXXX";
  const int file = ::mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) fail_spool("stored");
  ::unlink(name.c_str());
  return file;
}

}  // namespace

SpooledBytes::SpooledBytes(std::size_t max_memory_bytes, std::string folder)
    : max_memory_bytes_(max_memory_bytes), folder_(std::move(folder)) {}

SpooledBytes::SpooledBytes(SpooledBytes&& other) noexcept {
  *this = std::move(other);
}

SpooledBytes& SpooledBytes::operator=(SpooledBytes&& other) noexcept {
  std::swap(max_memory_bytes_, other.max_memory_bytes_);
  std::swap(folder_, other.folder_);
  std::swap(memory_, other.memory_);
  std::swap(file_, other.file_);
  std::swap(size_, other.size_);
  return *this;
}

SpooledBytes::~SpooledBytes() {
  if (file_ >= 0) ::close(file_);
}

void SpooledBytes::append(std::string_view bytes) {
  if (file_ < 0 && size_ + bytes.size() > max_memory_bytes_) move_to_file();
  if (file_ >= 0) {
    write(bytes);
  } else {
    memory_.append(bytes);
  }
  size_ += bytes.size();
}

void SpooledBytes::move_to_file() {
  file_ = open_nameless_file(folder_);
  write(memory_);
  memory_ = std::string();
}

void SpooledBytes::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) fail_spool("stored");
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string SpooledBytes::read() const {
  if (file_ < 0) return memory_;
  std::string bytes(size_, '\0');
  for (std::size_t done = 0; done < size_;) {
    const ssize_t count = ::pread(file_, bytes.data() + done, size_ - done, static_cast<off_t>(done));
    if (count == 0) errno = EIO;
    if (count == 0 || (count < 0 && errno != EINTR)) fail_spool("read back");
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  return bytes;
}

}  // namespace palimpsest
