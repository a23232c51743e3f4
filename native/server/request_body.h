#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "native/server/http_types.h"

namespace palimpsest {

/// Bytes of bodies that all requests together may hold.
struct BodyBudget {
  explicit BodyBudget(std::size_t bytes) : max_bytes(bytes) {}
  const std::size_t max_bytes;
  std::atomic<std::size_t> used_bytes{0};
};

/// What one request has of the budget; given back at the end of its life.
class BodyShare {
 public:
  explicit BodyShare(std::shared_ptr<BodyBudget> budget) : budget_(std::move(budget)) {}
  BodyShare(BodyShare&& other) noexcept { *this = std::move(other); }
  BodyShare& operator=(BodyShare&& other) noexcept;
  ~BodyShare();

  /// Takes more; false, and nothing is taken, where that is more than there is.
  bool take(std::size_t bytes);

 private:
  std::shared_ptr<BodyBudget> budget_;
  std::size_t bytes_ = 0;
};

/// The body of one request as it arrives, decoded from its chunks.
class RequestBody {
 public:
  /// Kept as text.
  RequestBody(std::size_t max_bytes, BodyShare share) : max_bytes_(max_bytes), share_(std::move(share)) {}
  /// Read as a form.
  RequestBody(std::size_t max_bytes, BodyShare share, MultipartParser form)
      : max_bytes_(max_bytes), share_(std::move(share)), form_(std::move(form)) {}

  /// False once something is wrong: 413 `body_too_large`, 503 `server_busy`, or the form's error.
  bool write(std::string_view bytes);
  const std::optional<Error>& error() const { return error_; }
  std::size_t size() const { return size_; }

  /// Moves what was read into the request. Errors: those of MultipartParser::finish.
  std::optional<Error> finish(HttpRequest& request);
  BodyShare take_share() { return std::move(share_); }

 private:
  std::size_t max_bytes_, size_ = 0;
  BodyShare share_;
  std::string text_;
  std::optional<MultipartParser> form_;
  std::optional<Error> error_;
};

/// 413 `body_too_large` for this limit.
Error body_too_large(std::size_t max_bytes);

}  // namespace palimpsest
