#pragma once

#include <doctest/doctest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "native/server/application.h"
#include "shared/base/json.h"
#include "tests/native/checkpoint/temporary_folder.h"
#include "tests/support/http_connection.h"

namespace palimpsest::testing {

/// What the stub engine and the test tell each other.
class EngineControl {
 public:
  /// For the engine: counts a job that begins, and holds it where its prompt says "wait" until released or stopped.
  void begin(const std::string& prompt, const StopToken& stop);
  /// For the test.
  bool wait_for_runs(int count);
  int runs();
  bool wait_for_stops(int count);
  void release();
  /// Lets the engine be loaded, where the test holds that up.
  void hold_loading();
  void finish_loading();
  void wait_until_loading_may_finish(const StopToken& stop);

 private:
  bool wait(const int& counter, int count);

  std::mutex mutex_;
  std::condition_variable changed_;
  int runs_ = 0, stops_ = 0;
  bool is_released_ = false, may_load_ = true;
};

/// The whole server over real sockets, with an engine that paints plain squares at once. What it does beside that is in
/// the prompt: "wait" holds the job, "too large" and "broken" fail it.
class AppUnderTest {
 public:
  explicit AppUnderTest(AppOptions options = {}, std::vector<std::string> models = {"kontext-nano"});
  ~AppUnderTest();

  /// Ends the server and starts it again over the same data.
  void restart();

  RawResponse get(const std::string& path, const std::string& headers = "") const;
  RawResponse head(const std::string& path, const std::string& headers = "") const;
  RawResponse remove(const std::string& path) const;
  RawResponse post(const std::string& path, const std::string& json, const std::string& headers = "") const;
  RawResponse post_form(const std::string& path, const std::vector<std::pair<std::string, std::string>>& fields,
                        const std::string& image) const;
  RawResponse generate(const std::string& json, const std::string& headers = "") const {
    return post("/v1/images/generations", json, headers);
  }
  /// The bytes of a request, for connections that are handled by the test.
  std::string request(const std::string& line, const std::string& headers = "", const std::string& body = "") const;
  /// The id of a job that was started with Prefer: respond-async.
  std::string start_job(const std::string& json) const;
  /// Waits until the job has ended, ten seconds at most, and returns its object.
  Json ended_job(const std::string& id) const;
  /// Path and query of a link of this server.
  std::string path_of(const std::string& url) const;

  AppState& state() { return app_->state(); }
  const Router& router() const { return app_->router(); }
  std::uint16_t port() const { return app_->port(); }

  EngineControl engine;

 private:
  void open();

  TemporaryFolder data_;
  AppOptions options_;
  std::unique_ptr<Application> app_;
};

/// A JSON body; the test fails where it is none.
Json body_of(const RawResponse& response);
/// The member at a path as "data.0.url"; null where there is none.
Json at(const Json& json, const std::string& path);
std::string text_at(const Json& json, const std::string& path);
/// A small PNG, and what differs with its seed.
std::string small_png(int side = 32);
std::string data_url(const std::string& png);

}  // namespace palimpsest::testing
