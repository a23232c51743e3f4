// Replicate's predictions: created, then asked for at the address they name. A failed one is a 200 with words.
#include "native/providers/upstream_answer.h"
#include "native/providers/upstream_values.h"

namespace palimpsest {
namespace {

class ReplicateDialect final : public Dialect {
 public:
  HttpCall submit(const Upstream& upstream, const PictureCall& call) const override {
    return submission(upstream, Json(Json::Object{{"input", upstream_body(upstream, call)}}));
  }

  Step read_submitted(const Upstream& upstream, const HttpAnswer& answer) const override {
    if (answer.status >= 300) return failed_by_status(upstream, answer);
    const Json body = json_of(answer);
    const Json* urls = body.find("urls");
    Json handle;
    handle.set("id", body.text("id"));
    handle.set("get", urls == nullptr ? "" : urls->text("get"));
    handle.set("cancel", urls == nullptr ? "" : urls->text("cancel"));
    if (handle.text("id").empty() || handle.text("get").empty()) {
      return unreadable(upstream, "there is no prediction with an address");
    }
    return read_prediction(upstream, handle, body);
  }

  HttpCall poll(const Upstream&, const Json& handle) const override {
    HttpCall call;
    call.url = handle.text("get");
    return call;
  }

  Step read_polled(const Upstream& upstream, const Json& handle, const HttpAnswer& answer) const override {
    if (answer.status >= 300) return failed_by_status(upstream, answer);
    return read_prediction(upstream, handle, json_of(answer));
  }

  std::optional<HttpCall> cancel(const Upstream&, const Json& handle) const override {
    HttpCall call;
    call.method = "POST";
    call.url = handle.text("cancel");
    return call;
  }

 private:
  /// Only `succeeded` counts: there can be an output before it.
  static Step read_prediction(const Upstream& upstream, const Json& handle, const Json& body) {
    const std::string status = body.text("status");
    if (status.empty()) return unreadable(upstream, "there is no status");
    if (status == "failed" || status == "canceled" || status == "aborted") {
      const std::string words = body.text("error");
      return failed_by_words(upstream, words.empty() ? "the prediction was " + status : words);
    }
    if (status != "succeeded") return pending(handle);
    const Json* output = body.find("output");
    const bool is_list = output != nullptr && output->is_array() && output->as_array()->size() == 1;
    const Json* address = is_list ? &output->as_array()->front() : output;
    if (address == nullptr || !address->is_string()) return unreadable(upstream, "the output is no address");
    Step step;
    step.state = Step::State::ready;
    step.pictures = {{*address->as_string()}};
    return step;
  }
};

}  // namespace

const Dialect& replicate_dialect() {
  static const ReplicateDialect dialect;
  return dialect;
}

}  // namespace palimpsest
