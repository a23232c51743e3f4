// OpenAI's image routes, as Lumenfall, another Palimpsest or any gateway has them: one call that answers at the end.
#include "native/providers/upstream_answer.h"
#include "native/providers/upstream_values.h"
#include "shared/api/wire_openai.h"
#include "shared/image/base64.h"

namespace palimpsest {
namespace {

constexpr std::size_t kMaxPictureBytes = std::size_t{64} << 20;

std::string form_text(const Json& value) {
  return value.is_string() ? *value.as_string() : value.dump();
}

class OpenaiDialect final : public Dialect {
 public:
  HttpCall submit(const Upstream& upstream, const PictureCall& call) const override {
    Json::Object members = {{"model", upstream.endpoint->upstream}};
    for (auto& member : upstream_values(*upstream.provider, call, built_in_catalog()).members) {
      members.push_back(std::move(member));
    }
    const bool is_edit = call.request.mode == Mode::edit;
    HttpCall out;
    out.method = "POST";
    out.url = upstream.url(is_edit ? "/images/edits" : "/images/generations");
    out.headers = {{"Accept", "application/json"}};
    out.once = true;
    out.max_bytes = std::size_t{96} << 20;
    out.first_byte = out.total = std::chrono::seconds(upstream.provider->patience_s);
    if (is_edit) {
      out.form = form_of(members, call.request);
    } else {
      out.headers.emplace_back("Content-Type", "application/json");
      out.body = Json(std::move(members)).dump();
    }
    return out;
  }

  Step read_submitted(const Upstream& upstream, const HttpAnswer& answer) const override {
    if (answer.status >= 300) return failed_by_status(upstream, answer);
    const Json body = json_of(answer);
    // Some services send their errors with a good status.
    if (const Json* error = body.find("error"); error != nullptr && error->is_object()) {
      return failed_by_words(upstream, error->text("code") + " " + error->text("message"));
    }
    const Result<ImagesResult> result = parse_images_result(body);
    if (!result) return unreadable(upstream, result.error().message);
    Step step;
    step.state = Step::State::ready;
    step.cost_micros_usd = result->cost_micros_usd;
    for (const PictureResult& picture : result->pictures) {
      UpstreamPicture out{picture.url, "", picture.seed, picture.revised_prompt};
      if (!picture.b64_json.empty()) {
        Result<std::string> bytes = decode_base64(picture.b64_json, kMaxPictureBytes);
        if (!bytes) return unreadable(upstream, "b64_json: " + bytes.error().message);
        out.url.clear();
        out.bytes = *std::move(bytes);
      }
      step.pictures.push_back(std::move(out));
    }
    if (step.pictures.empty()) return unreadable(upstream, "there are no pictures");
    return step;
  }

  HttpCall poll(const Upstream&, const Json&) const override {
    fail(codes::kInternal, "a call to a gateway has no second part", 500);
  }

  Step read_polled(const Upstream& upstream, const Json&, const HttpAnswer&) const override {
    return unreadable(upstream, "nothing was asked");
  }

 private:
  static std::vector<FormField> form_of(const Json::Object& members, const GenerationRequest& request) {
    std::vector<FormField> form;
    for (const auto& [name, value] : members) form.push_back({name, form_text(value)});
    for (const InputPicture& picture : request.pictures) {
      form.push_back({request.pictures.size() > 1 ? "image[]" : "image", picture.bytes, true, "image.png"});
    }
    if (request.mask) form.push_back({"mask", request.mask->bytes, true, "mask.png"});
    return form;
  }
};

}  // namespace

const Dialect& openai_dialect() {
  static const OpenaiDialect dialect;
  return dialect;
}

}  // namespace palimpsest
