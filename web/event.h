#pragma once

#include <string>
#include <variant>
#include <vector>

#include "shared/api/wire_openai.h"
#include "web/app_state.h"

namespace palimpsest {

// What happens to the page from outside: the browser's own events, and what ApiClient read from the server.

/// A file dropped, pasted or chosen for a parameter.
struct FileGiven {
  std::string parameter, file_name;
  std::shared_ptr<const std::string> bytes;
};
struct PictureDecoded {
  PictureId picture;
  ImageSize size;
  std::uintptr_t texture;
};
struct PictureRefused {
  PictureId picture;
};
struct ModelsListed {
  std::vector<ModelEntry> models;
};
struct SchemaRead {
  std::string model;
  std::vector<Parameter> parameters;
  std::vector<std::string> groups;
};
struct ServerFailed {
  std::optional<Error> error;  ///< what it answered
  std::string failure;         ///< as in HttpEnd, where nothing answered
};
/// The pairing token was taken.
struct Paired {
  std::string key;
};
struct HostThemeGiven {
  bool is_dark, has_reduced_motion;
  HostTheme theme;
};
struct HostSettingsGiven {
  HostSettings host;
};
/// A preview, a finished picture, progress or a failure of a run that streams.
struct RunTold {
  int run;
  ImageEvent event;
};
/// The answer in one piece.
struct RunAnswered {
  int run;
  ImagesResult result;
};
/// What the last event of a stream says about the whole.
struct RunDescribed {
  int run;
  std::string answered_by, size_plan;
  std::vector<Warning> warnings;
};
struct RunClosed {
  int run;
};
struct RunFailed {
  int run;
  Error error;
};
struct PictureFetched {
  PictureId picture;
  std::shared_ptr<const std::string> bytes;  ///< null where it could not be fetched
};
struct ShortcutPressed {
  std::string name;  ///< `run`, `cancel`, `use_as_input`, `fit`, `actual_size`
};

// clang-format off
using Event = std::variant<
    FileGiven,
    PictureDecoded,
    PictureRefused,
    ModelsListed,
    SchemaRead,
    ServerFailed,
    Paired,
    HostThemeGiven,
    HostSettingsGiven,
    RunTold,
    RunAnswered,
    RunDescribed,
    RunClosed,
    RunFailed,
    PictureFetched,
    ShortcutPressed>;
// clang-format on

}  // namespace palimpsest
