#include "native/providers/flux_task.h"

namespace palimpsest {

Step read_flux_task(const Upstream& upstream, const Json& handle, const HttpAnswer& answer) {
  if (answer.status >= 300) return failed_by_status(upstream, answer);
  const Json body = json_of(answer);
  const std::string status = body.text(body.find("status") != nullptr ? "status" : "state");
  if (status.empty()) return unreadable(upstream, "there is no status");
  if (status == "Request Moderated") return moderated(upstream, "request");
  if (status == "Content Moderated") return moderated(upstream, "picture");
  if (status == "Error" || status == "Failed") {
    const Json* details = body.find("details");
    return failed_by_words(upstream, details == nullptr || details->is_null() ? "" : details->dump());
  }
  if (status == "Task not found") {
    Step step = failed_by_words(upstream, "the task is not known any more");
    step.failure.is_uncertain = true;
    return step;
  }
  if (status != "Ready") return pending(handle);
  const Json* result = body.find("result");
  const std::string sample = result == nullptr ? "" : result->text("sample");
  if (sample.empty()) return unreadable(upstream, "there is no sample");
  Step step;
  step.state = Step::State::ready;
  step.pictures = {{sample}};
  return step;
}

}  // namespace palimpsest
