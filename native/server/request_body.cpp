#include "native/server/request_body.h"

#include <utility>

namespace palimpsest {

BodyShare& BodyShare::operator=(BodyShare&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

BodyShare::~BodyShare() {
  if (budget_) budget_->used_bytes -= bytes_;
}

bool BodyShare::take(std::size_t bytes) {
  if (budget_->used_bytes.fetch_add(bytes) + bytes > budget_->max_bytes) {
    budget_->used_bytes -= bytes;
    return false;
  }
  bytes_ += bytes;
  return true;
}

Error body_too_large(std::size_t max_bytes) {
  return {"body_too_large", "The request's body is larger than " + std::to_string(max_bytes) + " bytes", "", 413};
}

bool RequestBody::write(std::string_view bytes) {
  if (error_) return false;
  size_ += bytes.size();
  if (size_ > max_bytes_) {
    error_ = body_too_large(max_bytes_);
  } else if (!share_.take(bytes.size())) {
    error_ = Error{"server_busy", "The server holds too many uploads at the moment; try again soon", "", 503};
  } else if (form_) {
    if (!form_->feed(bytes)) error_ = form_->error();
  } else {
    text_.append(bytes);
  }
  return !error_;
}

std::optional<Error> RequestBody::finish(HttpRequest& request) {
  if (error_) return error_;
  request.body = std::move(text_);
  if (!form_) return std::nullopt;
  Result<MultipartForm> form = form_->finish();
  if (!form) return form.error();
  request.form = *std::move(form);
  return std::nullopt;
}

}  // namespace palimpsest
