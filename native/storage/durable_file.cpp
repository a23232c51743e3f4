#include "native/storage/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "native/storage/database.h"

namespace palimpsest {
namespace {

[[noreturn]] void fail_errno(const std::string& what, const std::string& path) {
  const int number = errno;
  const std::string message = "cannot " + what + " " + path + ": " + std::strerror(number);
  switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      fail(codes::kStorageFull, message, 507);
    case EROFS:
    case EACCES:
    case EPERM:
      fail(codes::kStorageReadOnly, message, 507);
    default:
      fail(codes::kStorageFailed, message, 500);
  }
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

void write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_errno("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void synchronise_folder(const std::string& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() < 0) fail_errno("open", folder);
  if (::fsync(descriptor.get()) != 0) fail_errno("synchronise", folder);
}

std::string parent_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

void write_partial(const std::string& partial, std::string_view bytes) {
  const Descriptor descriptor(::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (descriptor.get() < 0) fail_errno("create", partial);
  write_all(descriptor.get(), bytes, partial);
  if (::fsync(descriptor.get()) != 0) fail_errno("synchronise", partial);
}

}  // namespace

void write_durably(const std::string& path, std::string_view bytes) {
  const std::string partial = path + std::string(kPartialSuffix);
  try {
    write_partial(partial, bytes);
    if (::rename(partial.c_str(), path.c_str()) != 0) fail_errno("rename", partial);
  } catch (...) {
    ::unlink(partial.c_str());
    throw;
  }
  synchronise_folder(parent_of(path));
}

void make_folder_durably(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return synchronise_folder(parent_of(path));
  if (errno != EEXIST) fail_errno("make the folder", path);
}

}  // namespace palimpsest
