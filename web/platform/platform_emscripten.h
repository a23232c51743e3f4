#pragma once

#include <string>
#include <vector>

#include "web/platform/platform.h"

namespace palimpsest {

/// The browser, through embed/browser.js, which does the work: C++ and JavaScript only hand each other plain values.
class EmscriptenPlatform : public Platform {
 public:
  EmscriptenPlatform();

  void send(HttpCall call) override;
  void abort(int call) override;
  void decode_picture(int picture, std::shared_ptr<const std::string> bytes) override;
  void release_picture(int picture) override;
  void browse_file(const std::string& parameter) override;
  void save_file(const std::string& name, std::string_view media_type, const std::string& bytes) override;
  void copy_text(const std::string& text) override;
  void store(const std::string& key, const std::string& text) override;
  std::string stored(const std::string& key) override;
  void place_fields(const std::vector<Field>& fields) override;
  void set_title(const std::string& title) override;
  void set_colors(const std::string& colors) override;
  void toggle_fullscreen() override;
  void tell_host(const std::string& name, const std::string& detail) override;
  std::string ask_host(const std::string& name, const std::string& detail) override;
  void call_attention(const std::string& text, bool with_sound, bool with_notification) override;
  void wake_in(double seconds) override;
  double now_s() override;
  std::vector<PlatformEvent> take_events() override;

  /// From the browser's callbacks; a frame has been asked for by then.
  void happened(PlatformEvent event) { events_.push_back(std::move(event)); }
  /// Shows a failure that the page cannot go on after.
  void show_failure(const std::string& message);

 private:
  std::vector<PlatformEvent> events_;
  std::vector<Field> placed_;
};

}  // namespace palimpsest
