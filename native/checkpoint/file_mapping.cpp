#include "native/checkpoint/file_mapping.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "shared/base/error.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 40;

}  // namespace

FileMapping::Pages::Pages(const RegularFile& file) {
  const std::string where = printable(file.path(), 300);
  if (file.size_bytes() > kMaxFileBytes)
    fail("MODEL_LIMIT",
         where + ": the file has " + std::to_string(file.size_bytes()) + " bytes, more than the limit of 1 TiB");
  if (file.size_bytes() == 0) return;  // the system has no mapping of no bytes
  size_bytes = static_cast<std::size_t>(file.size_bytes());
  void* const mapped = ::mmap(nullptr, size_bytes, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (mapped == MAP_FAILED && errno == ENOMEM)
    fail(codes::kOutOfMemory, where + ": there is no address space for " + std::to_string(size_bytes) + " bytes", 507);
  if (mapped == MAP_FAILED) fail("MODEL_UNREADABLE", where + ": cannot be mapped: " + std::strerror(errno));
  address = static_cast<const std::byte*>(mapped);
  // Weights are read once, mostly in the order of the file: from a cold disk, in half the time with this advice.
  ::madvise(mapped, size_bytes, MADV_SEQUENTIAL);
}

FileMapping::Pages::~Pages() {
  if (address != nullptr) ::munmap(const_cast<std::byte*>(address), size_bytes);
}

FileMapping::FileMapping(const std::string& path)
    : file_(path), pages_(file_), guard_(pages_.address, pages_.size_bytes) {}

void FileMapping::check_unchanged() const {
  if (guard_.faulted() || !file_.is_unchanged())
    fail("MODEL_CHANGED", printable(path(), 300) + ": the file was changed or became unreadable while it was loaded");
}

}  // namespace palimpsest
