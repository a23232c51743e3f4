#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/api/generation_request.h"
#include "shared/api/sse.h"
#include "web/event.h"
#include "web/platform/platform.h"

namespace palimpsest {

/// The page's side of the HTTP API: sends requests, reads answers and streams. It holds no state of the page.
class ApiClient {
 public:
  explicit ApiClient(Platform& platform) : platform_(platform) {}

  /// `base_url` ends before "/models"; an empty key is not sent.
  void set_server(std::string base_url, std::string key);

  void list_models();
  /// Swaps a pairing token for a key.
  void pair(const std::string& token);
  void read_schema(const std::string& model);
  void submit(int run, const GenerationRequest& request);
  /// Closes the run's connection, and ends the job too where the server named one.
  void cancel(int run, const std::string& job);
  /// A picture that an answer only links to. The key is sent to the server's own address only.
  void fetch_picture(PictureId picture, const std::string& url);

  /// Takes in one event of a call; what it means is appended.
  void read(const HttpEvent& event, std::vector<Event>& events);

 private:
  enum class Purpose { models, pairing, schema, run, cancellation, picture };
  struct Call {
    Purpose purpose = Purpose::models;
    int owner = 0;  ///< run or picture
    std::string model;
    HttpHead head;
    std::string body;
    SseDecoder decoder = SseDecoder();
    bool is_stream() const;
  };

  int start(Purpose purpose, int owner, HttpCall call);
  void read_bytes(Call& call, const std::string& bytes, std::vector<Event>& events);
  void read_end(const Call& call, const HttpEnd& end, std::vector<Event>& events);
  void read_run_answer(const Call& call, std::vector<Event>& events) const;
  void read_stream_event(const Call& call, const SseEvent& sse, std::vector<Event>& events) const;

  Platform& platform_;
  std::string base_url_, key_;
  int last_call_ = 0;
  std::map<int, Call> calls_;
};

/// The fields as a multipart body; `boundary` comes back as one that occurs in none of them.
/// Source: RFC 7578.
std::string multipart_body(const std::vector<FormField>& fields, std::string& boundary);

}  // namespace palimpsest
