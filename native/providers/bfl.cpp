// Black Forest Labs: submit, then ask at the address returned, which names another host.
#include <cmath>

#include "native/providers/flux_task.h"
#include "native/providers/upstream_values.h"

namespace palimpsest {
namespace {

constexpr double kMicrosACredit = 10'000;  // a credit is a cent

class BflDialect final : public Dialect {
 public:
  HttpCall submit(const Upstream& upstream, const PictureCall& call) const override {
    return submission(upstream, upstream_body(upstream, call));
  }

  Step read_submitted(const Upstream& upstream, const HttpAnswer& answer) const override {
    if (answer.status >= 300) return failed_by_status(upstream, answer);
    const Json body = json_of(answer);
    Json handle;
    handle.set("id", body.text("id"));
    handle.set("polling_url", body.text("polling_url"));
    if (handle.text("id").empty() || handle.text("polling_url").empty()) {
      return unreadable(upstream, "there is no task with an address");
    }
    Step step = pending(std::move(handle));
    double credits = 0;
    const Json* cost = body.find("cost");
    if (cost != nullptr && cost->to_double(credits)) step.cost_micros_usd = std::llround(credits * kMicrosACredit);
    return step;
  }

  HttpCall poll(const Upstream&, const Json& handle) const override {
    HttpCall call;
    call.url = handle.text("polling_url");
    return call;
  }

  Step read_polled(const Upstream& upstream, const Json& handle, const HttpAnswer& answer) const override {
    return read_flux_task(upstream, handle, answer);
  }
};

}  // namespace

const Dialect& bfl_dialect() {
  static const BflDialect dialect;
  return dialect;
}

}  // namespace palimpsest
