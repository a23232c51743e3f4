// web: the playground: Dear ImGui compiled to WebAssembly, speaking to any server of the OpenAI kind.
// It includes shared/base, catalog, api and image, and nothing of native/. State lives in AppState and is changed by
// App::apply alone; panels read it and append actions; ApiClient speaks with the server; platform/ with the browser.
// Start here, then app.h, then panels/page.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/api/form.h"
#include "shared/api/parse_request.h"
#include "shared/api/snippet.h"
#include "shared/base/error.h"
#include "shared/image/image.h"

namespace palimpsest {

/// Where a server on this machine listens by default.
inline constexpr const char* kUsualServer = "http://127.0.0.1:7801/v1";

/// Number of a picture in AppState::pictures; 0 is none.
using PictureId = int;

/// A picture's file, and what the browser made of it.
struct Picture {
  enum class Status { decoding, ready, refused };
  std::shared_ptr<const std::string> bytes;
  std::string file_name;
  Status status = Status::decoding;
  ImageSize size;              ///< once ready, upright
  std::uintptr_t texture = 0;  ///< once ready: what ImGui draws it with
  std::string problem;         ///< of a refused one, a sentence
};

/// What the visitor has filled in. Values are texts; an empty or absent one means the default.
struct Form {
  Mode mode = Mode::generate;
  std::string model;
  std::map<std::string, std::string> values;  ///< by parameter, the prompt among them
  std::map<std::string, PictureId> pictures;  ///< by parameter: image, mask
};

struct RunResult {
  PictureId picture = 0;
  std::optional<std::uint64_t> seed;
  std::string revised_prompt;
};

/// One press of Generate, from then on.
struct Run {
  enum class Phase { waiting, running, done, failed, cancelled };
  int id = 0;
  Form form;
  GenerationRequest request;
  Phase phase = Phase::waiting;
  bool is_sent = false;
  std::string job;  ///< the server's, where it says one
  std::int64_t step = 0, steps = 0;
  std::optional<std::int64_t> left_ms, queue_position;
  double started_s = 0, finished_s = 0;  ///< on the platform's clock
  PictureId preview = 0;
  std::vector<RunResult> results;
  std::string answered_by, size_plan, size;
  std::vector<Warning> warnings;
  std::optional<Error> error;

  bool is_over() const { return phase != Phase::waiting && phase != Phase::running; }
};

struct ModelEntry {
  std::string id, name;
  bool is_available = true;
  std::string answered_by;  ///< provider and checkpoint that would answer now; empty: not said
};

/// The three ways of the connect card.
enum class ServerChoice { this_machine, other_address, gateway };

struct Connection {
  enum class Phase { idle, connecting, connected, failed };
  Phase phase = Phase::idle;
  ServerChoice choice = ServerChoice::this_machine;
  std::string base_url, key;
  std::string pairing_token;   ///< to be swapped for a key at the next Connect
  std::string problem;         ///< in sentences
  std::string remedy;          ///< a command that mends it, to be copied; empty: none
  bool is_from_link = false;   ///< the address came with a link and was not confirmed yet
  bool remembers_key = false;  ///< whether the key is kept over visits
  bool is_key_wanted = false;  ///< the server refused for want of a key
  double retry_at_s = 0;       ///< when it is tried again by itself; 0: not
  std::vector<ModelEntry> models;
};

/// Colours and manners that the page around asks for.
struct HostTheme {
  std::optional<std::uint32_t> background, text, accent;  ///< as 0xRRGGBB
  std::optional<float> radius;                            ///< of corners, in points
};

/// What the page around lets be seen and done.
struct HostSettings {
  std::string origin;              ///< of the page; empty: none
  std::string layout;              ///< full, medium, split, compact, result; empty: by the width
  std::set<std::string> controls;  ///< prompt, params, history, code, share, queue; empty: all
  bool is_whole_page = false, is_read_only = false, is_fullscreen = false;

  bool shows(const std::string& control) const { return controls.empty() || controls.count(control) != 0; }
};

/// What the stage shows of the pictures.
struct StageView {
  double zoom = 0;                        ///< screen points for each pixel; 0: fitted
  double center_x = 0.5, center_y = 0.5;  ///< the picture's point in the middle of the stage, as fractions
  double divider = 0.5;                   ///< before to its left, after to its right
  bool is_comparing = true;
};

enum class SideTab { details, code };
enum class Theme { dark, light };
enum class ThemeChoice { automatic, dark, light };

struct AppState {
  Connection connection;
  bool shows_connection = false;
  std::vector<Parameter> parameters;  ///< of the chosen model, as the server describes them; else the catalogue's
  std::vector<std::string> groups;
  std::vector<FormGroup> form_groups;  ///< of the form's mode
  Form form;
  ParsedRequest parsed;             ///< of the form as it is
  bool shows_all_problems = false;  ///< also of fields not yet filled in: after Generate was pressed in vain
  std::string code;
  SnippetLanguage code_language = SnippetLanguage::curl;

  std::map<PictureId, Picture> pictures;
  std::vector<Run> runs;  ///< the oldest first
  int shown_run = 0;      ///< on the stage; 0: none
  std::size_t shown_result = 0;
  StageView view;

  Theme theme = Theme::dark;  ///< what is drawn
  ThemeChoice theme_choice = ThemeChoice::automatic;
  HostTheme host_theme;
  HostSettings host;
  bool has_reduced_motion = false;
  SideTab side_tab = SideTab::details;
  bool shows_side = false;  ///< where the window is too narrow for it beside the stage
  std::string notice;       ///< one sentence about what has just happened
  double now_s = 0;
  std::string focused_field;  ///< the field that was given the cursor last
  int focus_count = 0;        ///< grows with each time

  const Run* run(int id) const;
  const Picture* picture(PictureId id) const;
  /// The first problem of a parameter that is to be shown now; nullptr where there is none.
  const Problem* problem_of(const std::string& parameter) const;
  int unfinished_runs() const;
};

}  // namespace palimpsest
