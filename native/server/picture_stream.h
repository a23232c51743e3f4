#pragma once

#include <memory>
#include <string>

#include "native/jobs/generation_job.h"
#include "native/jobs/subscription.h"
#include "native/server/app_state.h"
#include "native/server/exchange.h"
#include "shared/api/wire_openai.h"

namespace palimpsest {

/// Turns the events of one job into those of an image stream: previews, progress where the client asked for it, and at
/// the end each picture or the error.
class PictureStream {
 public:
  PictureStream(AppState& app, std::shared_ptr<SseStream> stream, std::string job_id, GenerationJob job,
                std::string base, bool wants_progress);

  /// Sends what the event means to the client, and closes the stream after the last one.
  void on_event(const LiveEvent& event);
  /// Ends the stream with an error.
  void fail_with(const Error& error);

 private:
  ImageEvent event_of(ImageEvent::Kind kind) const;
  void send_progress(const Json& progress, const Image* preview);
  void send_preview(const Image& preview, std::int64_t picture);
  void send_pictures();

  AppState& app_;
  const std::shared_ptr<SseStream> stream_;
  const std::string job_id_, base_;
  const GenerationJob job_;
  const bool wants_progress_;
  std::int64_t previews_ = 0;  // sent for the picture being made
  std::int64_t picture_ = 0;   // the one being made
};

}  // namespace palimpsest
