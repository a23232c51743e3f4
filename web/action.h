#pragma once

#include <string>
#include <variant>
#include <vector>

#include "web/app_state.h"

namespace palimpsest {

// What a visitor can do; panels append these, App::apply carries them out.

struct SetMode {
  Mode mode;
};
struct SetModel {
  std::string model;
};
/// Of a parameter; empty: the default again.
struct SetValue {
  std::string parameter, value;
};
struct BrowsePicture {
  std::string parameter;
};
struct RemovePicture {
  std::string parameter;
};
/// Runs the form; `values` are for this run only.
struct Submit {
  std::map<std::string, std::string> values = {};
  bool is_approved = false;  ///< the page around has been asked already
};
struct CancelRun {
  int run;
};
struct ForgetRun {
  int run;
};
struct ShowResult {
  int run;
  std::size_t result;
};
/// A result becomes the picture to edit.
struct UseAsInput {
  int run;
  std::size_t result;
};
/// The form becomes that of the run, with the result's seed.
struct UseSettings {
  int run;
  std::size_t result;
};
struct SavePicture {
  int run;
  std::size_t result;
};
struct SetView {
  StageView view;
};
struct SetServer {
  std::string base_url, key;
};
struct SetServerChoice {
  ServerChoice choice;
};
/// Whether the key is kept over visits.
struct RememberKey {
  bool is_kept;
};
/// The address that a link brought is not wanted.
struct DiscardLink {};
struct CopyText {
  std::string text, notice;
};
struct Connect {};
struct ToggleConnection {};
struct ToggleSide {};
struct SetSideTab {
  SideTab tab;
};
struct SetCodeLanguage {
  SnippetLanguage language;
};
struct CopyCode {};
struct SetThemeChoice {
  ThemeChoice choice;
};
struct ToggleFullscreen {};
struct DismissNotice {};

// One a line, so that lists of changes stay readable.
// clang-format off
using Action = std::variant<
    SetMode,
    SetModel,
    SetValue,
    BrowsePicture,
    RemovePicture,
    Submit,
    CancelRun,
    ForgetRun,
    ShowResult,
    UseAsInput,
    UseSettings,
    SavePicture,
    SetView,
    SetServer,
    Connect,
    ToggleConnection,
    ToggleSide,
    SetSideTab,
    SetCodeLanguage,
    CopyCode,
    SetThemeChoice,
    ToggleFullscreen,
    SetServerChoice,
    RememberKey,
    DiscardLink,
    CopyText,
    DismissNotice>;
// clang-format on
using Actions = std::vector<Action>;

}  // namespace palimpsest
