#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "web/platform/platform.h"

namespace palimpsest {

/// A platform without a browser: keeps what it is asked for, and tells what it is given.
class NullPlatform : public Platform {
 public:
  std::vector<HttpCall> calls;
  std::set<int> aborted, released;
  std::vector<int> decoding;
  std::vector<PlatformEvent> events;
  std::vector<Field> fields;
  std::vector<std::pair<std::string, std::string>> saved;  ///< name, bytes
  std::string copied, browsed, title;
  std::map<std::string, std::string> storage;
  std::string colors, host_answer = R"({"proceed": true})";
  std::vector<std::pair<std::string, std::string>> told;  ///< to the page around: name, detail
  std::vector<std::string> attention;
  int fullscreen_toggles = 0;
  double time_s = 0, woken_in_s = -1;

  void send(HttpCall call) override { calls.push_back(std::move(call)); }
  void abort(int call) override { aborted.insert(call); }
  void decode_picture(int picture, std::shared_ptr<const std::string>) override { decoding.push_back(picture); }
  void release_picture(int picture) override { released.insert(picture); }
  void browse_file(const std::string& parameter) override { browsed = parameter; }
  void save_file(const std::string& name, std::string_view, const std::string& bytes) override {
    saved.emplace_back(name, bytes);
  }
  void copy_text(const std::string& text) override { copied = text; }
  void store(const std::string& key, const std::string& text) override { storage[key] = text; }
  std::string stored(const std::string& key) override { return storage[key]; }
  void place_fields(const std::vector<Field>& placed) override { fields = placed; }
  void set_title(const std::string& text) override { title = text; }
  void set_colors(const std::string& text) override { colors = text; }
  void toggle_fullscreen() override { ++fullscreen_toggles; }
  void tell_host(const std::string& name, const std::string& detail) override { told.emplace_back(name, detail); }
  std::string ask_host(const std::string& name, const std::string& detail) override {
    told.emplace_back(name, detail);
    return host_answer;
  }
  void call_attention(const std::string& text, bool, bool) override { attention.push_back(text); }
  void wake_in(double seconds) override { woken_in_s = seconds; }
  double now_s() override { return time_s; }
  std::vector<PlatformEvent> take_events() override { return std::exchange(events, {}); }
};

}  // namespace palimpsest
