// web/platform: everything the page needs of the place it runs in: fetching, decoding pictures, files, the clipboard,
// text fields. Only this folder knows a browser; the rest of web/ sees Platform.
// Start here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace palimpsest {

/// One request over HTTP. `call` is chosen by the caller and names it from then on.
struct HttpCall {
  int call = 0;
  std::string method, url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct HttpHead {
  int call = 0, status = 0;
  std::string content_type, request_id, retry_after;
};
struct HttpBytes {
  int call = 0;
  std::string bytes;
};
/// The end of a call. `is_complete` is false where the connection failed or could not be made.
/// `failure` says why nothing answered at all, where that is known: `permission` (the visitor or the browser forbids
/// this page to reach it), `mixed_content`, `origin` (somebody is there, but not for this page), `down`.
struct HttpEnd {
  int call = 0;
  bool is_complete = true;
  std::string failure = {};
};
using HttpEvent = std::variant<HttpHead, HttpBytes, HttpEnd>;

struct DecodedPicture {
  int picture = 0;
  bool is_valid = false;
  int width = 0, height = 0;  ///< in pixels, upright
  std::uintptr_t texture = 0;
};
struct GivenFile {
  std::string parameter, name;
  std::shared_ptr<const std::string> bytes;
};
/// The visitor changed a text field, or pressed a button by keyboard or screen reader.
struct FieldChanged {
  std::string id, text;
};
struct FieldPressed {
  std::string id;
};
/// A field got the keyboard's focus.
struct FieldFocused {
  std::string id;
};
struct KeyPressed {
  std::string shortcut;
};
using PlatformEvent =
    std::variant<HttpEvent, DecodedPicture, GivenFile, FieldChanged, FieldPressed, FieldFocused, KeyPressed>;

/// A field that the platform puts over the canvas for one frame, since a canvas can neither edit text with an input
/// method nor be read aloud. Lengths in points from the canvas's upper left corner.
struct Field {
  enum class Kind {
    line,
    password,
    paragraph,
    readout,   ///< text to select and copy
    choice,    ///< one of `options`
    slider,    ///< from `minimum` to `maximum`; seen by keyboard and screen reader only: the canvas draws it
    button,    ///< seen by keyboard and screen reader only: the canvas draws it
    picture,   ///< named by its label; seen by screen readers only
    progress,  ///< from `minimum` to `maximum`, `text` the value; seen by screen readers only
    status,    ///< read aloud when it changes
  };
  std::string id;
  Kind kind = Kind::line;
  float x = 0, y = 0, width = 0, height = 0;
  float clip_top = 0, clip_bottom = 0;  ///< what to cut off of it
  std::string label, text, placeholder, hint;
  std::vector<std::pair<std::string, std::string>> options;  ///< value and what is shown
  double minimum = 0, maximum = 1, step = 1;
  bool is_enabled = true, is_wrong = false;
  bool is_mono = false;     ///< numbers and code
  bool is_covered = false;  ///< a dialog lies over it: out of sight and reach
  std::string dialog;       ///< name of the dialog that it belongs to
  std::string on_enter;     ///< the button that Enter presses
  int focus = 0;            ///< takes the focus whenever this number grows
  bool operator==(const Field&) const = default;
};

class Platform {
 public:
  virtual ~Platform() = default;

  /// Starts a call; its events come with take_events.
  virtual void send(HttpCall call) = 0;
  virtual void abort(int call) = 0;
  /// Decodes a picture's file into a texture; DecodedPicture follows.
  virtual void decode_picture(int picture, std::shared_ptr<const std::string> bytes) = 0;
  virtual void release_picture(int picture) = 0;
  /// Lets the visitor choose a file; GivenFile may follow.
  virtual void browse_file(const std::string& parameter) = 0;
  virtual void save_file(const std::string& name, std::string_view media_type, const std::string& bytes) = 0;
  virtual void copy_text(const std::string& text) = 0;
  /// Kept over visits where the browser allows it.
  virtual void store(const std::string& key, const std::string& text) = 0;
  virtual std::string stored(const std::string& key) = 0;
  virtual void place_fields(const std::vector<Field>& fields) = 0;
  virtual void set_title(const std::string& title) = 0;
  /// Colours of the fields as CSS values by name, as JSON.
  virtual void set_colors(const std::string& colors) = 0;
  virtual void toggle_fullscreen() = 0;
  /// Tells the page around what has happened; `detail` is JSON.
  virtual void tell_host(const std::string& name, const std::string& detail) = 0;
  /// The same, and takes its answer: JSON with `proceed`, and `values` that it may have changed.
  virtual std::string ask_host(const std::string& name, const std::string& detail) = 0;
  /// Calls the visitor's attention while the page is out of sight, as far as the browser lets it.
  virtual void call_attention(const std::string& text, bool with_sound, bool with_notification) = 0;
  /// Asks for one frame in so many seconds.
  virtual void wake_in(double seconds) = 0;
  virtual double now_s() = 0;
  /// What has happened since the last call.
  virtual std::vector<PlatformEvent> take_events() = 0;
};

}  // namespace palimpsest
