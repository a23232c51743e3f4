#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "web/action.h"
#include "web/api_client.h"
#include "web/app_state.h"
#include "web/event.h"
#include "web/platform/platform.h"

namespace palimpsest {

/// What the page that embeds the playground may say.
struct StartOptions {
  std::string base_url;         ///< from the embedding page; empty: what was used last
  std::string same_origin_url;  ///< the server that this page itself may come from; asked at once
  std::string model;
  std::optional<Mode> mode = {};
  std::map<std::string, std::string> values = {};  ///< by parameter
  std::string linked_url = {};                     ///< from the page's own address: the visitor confirms it
  std::string pairing_token = {};                  ///< likewise
  bool may_reach_loopback = false;                 ///< without the browser putting a question to the visitor
  bool prefers_dark = true, has_reduced_motion = false;
  HostSettings host = {};
  HostTheme theme = {};
};

/// Owns the state and is the only one to change it.
class App {
 public:
  explicit App(Platform& platform) : platform_(platform), client_(platform) {}

  void start(const StartOptions& options);

  void apply(const Action& action);
  void apply(const Event& event);
  /// Takes in what the platform has to say; true where there was anything. Fields' changes come back as they are, for
  /// the panels.
  bool pump(std::vector<PlatformEvent>& field_events);

  const AppState& state() const { return state_; }

 private:
  void on(const SetMode& action);
  void on(const SetModel& action);
  void on(const SetValue& action);
  void on(const BrowsePicture& action);
  void on(const RemovePicture& action);
  void on(const Submit& action);
  void on(const CancelRun& action);
  void on(const ForgetRun& action);
  void on(const ShowResult& action);
  void on(const UseAsInput& action);
  void on(const UseSettings& action);
  void on(const SavePicture& action);
  void on(const SetView& action);
  void on(const SetServer& action);
  void on(const Connect& action);
  void on(const ToggleConnection& action);
  void on(const ToggleSide& action);
  void on(const SetSideTab& action);
  void on(const SetCodeLanguage& action);
  void on(const CopyCode& action);
  void on(const SetThemeChoice& action);
  void on(const ToggleFullscreen& action);
  void on(const SetServerChoice& action);
  void on(const RememberKey& action);
  void on(const DiscardLink& action);
  void on(const CopyText& action);
  void on(const DismissNotice& action);

  void on(const FileGiven& event);
  void on(const PictureDecoded& event);
  void on(const PictureRefused& event);
  void on(const ModelsListed& event);
  void on(const SchemaRead& event);
  void on(const ServerFailed& event);
  void on(const Paired& event);
  void on(const HostThemeGiven& event);
  void on(const HostSettingsGiven& event);
  void on(const RunTold& event);
  void on(const RunAnswered& event);
  void on(const RunDescribed& event);
  void on(const RunClosed& event);
  void on(const RunFailed& event);
  void on(const PictureFetched& event);
  void on(const ShortcutPressed& event);

  Run* find_run(int id);
  PictureId add_picture(std::shared_ptr<const std::string> bytes, std::string file_name);
  void add_result(Run& run, const PictureResult& result);
  void set_preview(Run& run, const std::string& bytes);
  void finish(Run& run, Run::Phase phase);
  void send_waiting_runs();
  void drop_pictures_not_used();
  void form_changed();
  void code_changed();
  void theme_changed();
  ParsedRequest parse(const Form& form) const;
  bool host_approves(std::map<std::string, std::string>& values);
  void focus(const std::string& field);

  // app_connection.cpp
  void choose_server(const StartOptions& options);
  void take_stored_key();
  void want_key();
  void retry_connection();

  Platform& platform_;
  bool is_probing_ = false;  ///< whether the page's own origin is asked, without a click
  bool prefers_dark_ = true;
  ApiClient client_;
  AppState state_;
  int last_run_ = 0;
  PictureId last_picture_ = 0;
};

}  // namespace palimpsest
