#include "native/server/picture_stream.h"

#include <cmath>
#include <utility>

#include "native/imaging/encode.h"
#include "native/server/picture_answer.h"
#include "shared/api/size.h"
#include "shared/image/base64.h"

namespace palimpsest {
namespace {

std::int64_t integer_in(const Json& json, const char* name) {
  std::int64_t value = 0;
  if (const Json* member = json.find(name)) member->to_int64(value);
  return value;
}

std::optional<std::int64_t> milliseconds_left(const Json& progress) {
  double seconds = 0;
  const Json* left = progress.find("seconds_left");
  if (left == nullptr || !left->to_double(seconds)) return std::nullopt;
  return std::llround(seconds * 1000);
}

}  // namespace

PictureStream::PictureStream(AppState& app, std::shared_ptr<SseStream> stream, std::string job_id, GenerationJob job,
                             std::string base, bool wants_progress)
    : app_(app),
      stream_(std::move(stream)),
      job_id_(std::move(job_id)),
      base_(std::move(base)),
      job_(std::move(job)),
      wants_progress_(wants_progress) {}

void PictureStream::on_event(const LiveEvent& event) {
  const std::string& type = event.event.type;
  if (type == "progress") {
    const Result<Json> progress = parse_json(event.event.data);
    if (progress) send_progress(*progress, event.preview.get());
    return;
  }
  if (type == "queued" || type == "running") {
    if (wants_progress_) send_progress(Json(Json::Object{}), nullptr);
    return;
  }
  if (type == "succeeded") {
    send_pictures();
    return stream_->close();
  }
  if (type == "cancelled") return fail_with({"cancelled", "The job was cancelled", "", 400});
  fail_with(read_job(app_, job_id_).record.error.value_or(Error{std::string(codes::kInternal), "failed", "", 500}));
}

void PictureStream::fail_with(const Error& error) {
  ImageEvent event = event_of(ImageEvent::Kind::failed);
  event.error = error;
  stream_->send(to_sse(event));
  stream_->close();
}

ImageEvent PictureStream::event_of(ImageEvent::Kind kind) const {
  ImageEvent event;
  event.kind = kind;
  event.mode = job_.request.mode;
  event.created = unix_now() / 1000;
  event.job = job_id_;
  return event;
}

void PictureStream::send_progress(const Json& progress, const Image* preview) {
  const std::int64_t step = integer_in(progress, "step"), steps = integer_in(progress, "steps");
  if (preview != nullptr && steps > 0) send_preview(*preview, (step - 1) * job_.request.image.n / steps);
  if (!wants_progress_) return;
  ImageEvent event = event_of(ImageEvent::Kind::progress);
  event.step = step;
  event.steps = steps;
  event.eta_ms = milliseconds_left(progress);
  event.picture.seed = job_.request.image.seed;
  stream_->send(to_sse(event));
}

void PictureStream::send_preview(const Image& preview, std::int64_t picture) {
  if (std::exchange(picture_, picture) != picture) previews_ = 0;
  if (previews_ >= job_.request.partial_images || stream_->is_congested()) return;
  ImageEvent event = event_of(ImageEvent::Kind::partial);
  if (job_.request.image.seed) event.picture.seed = *job_.request.image.seed + static_cast<std::uint64_t>(picture);
  event.index = previews_++;
  event.image_index = picture;
  event.picture.b64_json = encode_base64(encode_image(preview));
  event.output_format = "png";
  event.size = to_string(preview.size());
  stream_->send(to_sse(event));
}

void PictureStream::send_pictures() {
  const ReadJob read = read_job(app_, job_id_);
  // Streams carry pictures unless links are asked for, as OpenAI's do.
  const ResponseFormat format =
      job_.request.response_format == ResponseFormat::url ? ResponseFormat::url : ResponseFormat::b64_json;
  const ImagesResult result =
      job_.request.sync_mode ? take_pictures(app_, read, format) : images_result(app_, read, base_, format);
  for (std::size_t i = 0; i < result.pictures.size(); ++i) {
    ImageEvent event = event_of(ImageEvent::Kind::completed);
    event.picture = result.pictures[i];
    event.image_index = static_cast<std::int64_t>(i);
    event.output_format = result.output_format;
    event.size = result.size;
    event.more = {{"model", result.model}, {"provider", result.provider}, {"checkpoint", result.checkpoint}};
    if (i + 1 == result.pictures.size()) {
      event.usage = result.usage;
      event.more.emplace_back("size_plan", result.size_plan);
      event.more.emplace_back("warnings", to_json(result.warnings));
    }
    stream_->send(to_sse(event));
  }
}

}  // namespace palimpsest
