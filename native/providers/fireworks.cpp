// Fireworks' workflow: submit, then ask by POST with the id.
#include "native/providers/flux_task.h"
#include "native/providers/upstream_values.h"

namespace palimpsest {
namespace {

class FireworksDialect final : public Dialect {
 public:
  HttpCall submit(const Upstream& upstream, const PictureCall& call) const override {
    return submission(upstream, upstream_body(upstream, call));
  }

  Step read_submitted(const Upstream& upstream, const HttpAnswer& answer) const override {
    if (answer.status >= 300) return failed_by_status(upstream, answer);
    const std::string id = json_of(answer).text("request_id");
    if (id.empty()) return unreadable(upstream, "there is no request_id");
    return pending(Json(Json::Object{{"id", id}}));
  }

  HttpCall poll(const Upstream& upstream, const Json& handle) const override {
    HttpCall call;
    call.method = "POST";
    call.url = upstream.url(upstream.provider->result_path);
    call.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
    call.body = Json(Json::Object{{"id", handle.text("id")}}).dump();
    return call;
  }

  Step read_polled(const Upstream& upstream, const Json& handle, const HttpAnswer& answer) const override {
    return read_flux_task(upstream, handle, answer);
  }
};

}  // namespace

const Dialect& fireworks_dialect() {
  static const FireworksDialect dialect;
  return dialect;
}

}  // namespace palimpsest
