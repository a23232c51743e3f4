#include "web/panels/ui.h"

namespace palimpsest {

void connection_panel(Ui& ui) {
  const Connection& connection = ui.state.connection;
  if (!ui.state.shows_connection) return;
  ui.heading("Connection");
  ui.muted("Any server with OpenAI's image routes: your own Palimpsest, or a gateway with your key.");
  Field address;
  address.id = "base_url";
  address.label = "Server address";
  address.text = connection.base_url;
  address.placeholder = "http://127.0.0.1:7801/v1";
  address.is_wrong = connection.phase == Connection::Phase::failed;
  if (const auto url = ui.field(address, 34)) ui.act(SetServer{*url, connection.key});
  Field key;
  key.id = "api_key";
  key.kind = Field::Kind::password;
  key.label = "API key";
  key.text = connection.key;
  key.placeholder = "API key, where the server needs one";
  if (const auto text = ui.field(key, 34)) ui.act(SetServer{connection.base_url, *text});
  ui.muted("The key stays in this tab: it is neither stored nor shown in the code.");
  const bool is_connecting = connection.phase == Connection::Phase::connecting;
  const char* label = is_connecting ? "Connecting" : "Connect";
  if (ui.button("connect", label, ButtonKind::primary, {}, !is_connecting)) ui.act(Connect{});
  if (!connection.problem.empty()) ui.bad(connection.problem);
  ImGui::Dummy({0, 4});
  ImGui::Separator();
  ImGui::Dummy({0, 4});
}

}  // namespace palimpsest
