// fal's queue: submit, ask at the addresses it returned, fetch the result, which is also where a failed run says why.
#include "native/providers/upstream_answer.h"
#include "native/providers/upstream_values.h"

namespace palimpsest {
namespace {

constexpr const char* kResult = "result";  // the stage after COMPLETED

class FalDialect final : public Dialect {
 public:
  HttpCall submit(const Upstream& upstream, const PictureCall& call) const override {
    return submission(upstream, upstream_body(upstream, call));
  }

  Step read_submitted(const Upstream& upstream, const HttpAnswer& answer) const override {
    if (answer.status >= 300) return failed_by_status(upstream, answer);
    const Json body = json_of(answer);
    Json handle;
    for (const char* name : {"request_id", "status_url", "response_url", "cancel_url"}) {
      // The addresses leave out a part of the endpoint's name: they cannot be put together here.
      if (body.text(name).empty()) return unreadable(upstream, std::string("there is no ") + name);
      handle.set(name, body.text(name));
    }
    handle.set("id", body.text("request_id"));
    return pending(std::move(handle));
  }

  HttpCall poll(const Upstream&, const Json& handle) const override {
    HttpCall call;
    call.url = handle.text(handle.text("stage") == kResult ? "response_url" : "status_url");
    call.max_bytes = std::size_t{96} << 20;  // with sync_mode the picture itself
    return call;
  }

  Step read_polled(const Upstream& upstream, const Json& handle, const HttpAnswer& answer) const override {
    if (answer.status >= 300) return failed_by_status(upstream, answer);
    const Json body = json_of(answer);
    if (handle.text("stage") == kResult) return read_result(upstream, body);
    const std::string status = body.text("status");
    if (status.empty()) return unreadable(upstream, "there is no status");
    if (status != "COMPLETED") return pending(handle);
    Json next = handle;
    next.set("stage", kResult);
    return pending(std::move(next), true);
  }

  /// The result's address answers a failed run with that run's own status.
  bool is_passing(const Json& handle, const HttpAnswer& answer) const override {
    const bool tells_of_run = handle.text("stage") == kResult && json_of(answer).find("detail") != nullptr;
    return !tells_of_run && Dialect::is_passing(handle, answer);
  }

  std::optional<HttpCall> cancel(const Upstream&, const Json& handle) const override {
    HttpCall call;
    call.method = "PUT";
    call.url = handle.text("cancel_url");
    return call;
  }

 private:
  static Step read_result(const Upstream& upstream, const Json& body) {
    const Json* images = body.find("images");
    if (images == nullptr || !images->is_array() || images->as_array()->empty()) {
      return unreadable(upstream, "there are no images");
    }
    if (is_flagged(body)) {
      Step step = moderated(upstream, "picture");
      step.failure.is_billed = true;
      return step;
    }
    Step step;
    step.state = Step::State::ready;
    for (const Json& image : *images->as_array()) {
      UpstreamPicture picture{image.text("url")};
      if (picture.url.empty()) return unreadable(upstream, "an image has no url");
      step.pictures.push_back(std::move(picture));
    }
    return step;
  }

  /// A picture that the filter has flagged comes with a good status all the same.
  static bool is_flagged(const Json& body) {
    const Json* flags = body.find("has_nsfw_concepts");
    if (flags == nullptr || !flags->is_array()) return false;
    for (const Json& flag : *flags->as_array()) {
      if (flag.as_bool() != nullptr && *flag.as_bool()) return true;
    }
    return false;
  }
};

}  // namespace

const Dialect& fal_dialect() {
  static const FalDialect dialect;
  return dialect;
}

}  // namespace palimpsest
