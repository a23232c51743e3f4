// How the page comes to a server: start, the connect card, what the server answers, and trying again.
#include <algorithm>
#include <utility>

#include "web/app.h"
#include "web/server_address.h"
#include "web/server_problem.h"

namespace palimpsest {
namespace {

constexpr double kRetryEvery_s = 3;

std::string key_name(const std::string& base_url) {
  return "key." + origin_of(base_url);
}

ServerChoice choice_of(const std::string& base_url) {
  return base_url == kUsualServer ? ServerChoice::this_machine : ServerChoice::other_address;
}

}  // namespace

void App::choose_server(const StartOptions& options) {
  Connection& connection = state_.connection;
  std::string url = options.base_url.empty() ? platform_.stored("base_url") : options.base_url;
  connection.is_from_link = is_server_address(options.linked_url) && origin_of(options.linked_url) != origin_of(url) &&
                            origin_of(options.linked_url) != origin_of(options.same_origin_url);
  if (connection.is_from_link) url = options.linked_url;
  connection.pairing_token = options.pairing_token;
  const bool is_own = !options.same_origin_url.empty() && (url.empty() || url == options.same_origin_url);
  if (url.empty()) url = options.same_origin_url.empty() ? kUsualServer : options.same_origin_url;
  connection.base_url = url;
  connection.choice = choice_of(url);
  take_stored_key();
  // A browser may put a question to the visitor before it lets a page reach their own machine: never without a click.
  const bool may_ask = is_own || (!connection.is_from_link && (options.may_reach_loopback || !is_local_address(url)));
  is_probing_ = is_own && options.base_url.empty();
  state_.shows_connection = !may_ask;
  if (may_ask) apply(Action(Connect{}));
}

/// A key is kept for one server only, and a link never gets it.
void App::take_stored_key() {
  Connection& connection = state_.connection;
  const std::string kept = connection.is_from_link ? "" : platform_.stored(key_name(connection.base_url));
  connection.remembers_key = !kept.empty();
  connection.key = kept;
}

void App::on(const SetServerChoice& action) {
  Connection& connection = state_.connection;
  connection.choice = action.choice;
  if (action.choice == ServerChoice::this_machine) on(SetServer{kUsualServer, ""});
}

void App::on(const SetServer& action) {
  Connection& connection = state_.connection;
  // A key belongs to one server: it must not reach another one by a change of the address.
  const bool is_same = origin_of(action.base_url) == origin_of(connection.base_url);
  connection.base_url = action.base_url;
  connection.phase = Connection::Phase::idle;
  connection.problem.clear();
  connection.remedy.clear();
  connection.retry_at_s = 0;
  if (is_same) {
    connection.key = action.key;
  } else {
    connection.is_from_link = false;
    connection.pairing_token.clear();
    take_stored_key();
  }
  code_changed();
}

void App::on(const RememberKey& action) {
  Connection& connection = state_.connection;
  connection.remembers_key = action.is_kept;
  if (!action.is_kept) platform_.store(key_name(connection.base_url), "");
}

void App::on(const DiscardLink&) {
  on(SetServer{kUsualServer, ""});
  state_.connection.choice = ServerChoice::this_machine;
}

void App::on(const Connect&) {
  Connection& connection = state_.connection;
  connection.problem.clear();
  connection.remedy.clear();
  connection.retry_at_s = 0;
  connection.is_key_wanted = false;
  if (!is_server_address(connection.base_url)) {
    connection.phase = Connection::Phase::failed;
    connection.problem = "The address must begin with http:// or https://, as http://127.0.0.1:7801/v1.";
    return;
  }
  connection.is_from_link = false;
  connection.phase = Connection::Phase::connecting;
  client_.set_server(connection.base_url, connection.key);
  if (connection.pairing_token.empty()) return client_.list_models();
  client_.pair(std::exchange(connection.pairing_token, ""));
}

void App::on(const Paired& event) {
  state_.connection.key = event.key;
  client_.set_server(state_.connection.base_url, event.key);
  client_.list_models();
}

void App::on(const ToggleConnection&) {
  state_.shows_connection = !state_.shows_connection;
}

void App::on(const ModelsListed& event) {
  Connection& connection = state_.connection;
  connection.phase = Connection::Phase::connected;
  connection.models = event.models;
  is_probing_ = false;
  connection.problem.clear();
  connection.remedy.clear();
  connection.retry_at_s = 0;
  state_.shows_connection = false;
  platform_.store("base_url", connection.base_url);
  if (connection.remembers_key) platform_.store(key_name(connection.base_url), connection.key);
  const bool is_there = std::any_of(event.models.begin(), event.models.end(),
                                    [&](const ModelEntry& model) { return model.id == state_.form.model; });
  if (!is_there && !event.models.empty()) state_.form.model = event.models.front().id;
  form_changed();
  if (!event.models.empty()) client_.read_schema(state_.form.model);
}

void App::on(const ServerFailed& event) {
  Connection& connection = state_.connection;
  // A server without schemas still makes pictures.
  if (connection.phase == Connection::Phase::connected) return;
  connection.phase = Connection::Phase::failed;
  state_.shows_connection = true;
  if (std::exchange(is_probing_, false)) {
    // The page lies on a mere file host: nothing has gone wrong yet.
    connection.phase = Connection::Phase::idle;
    connection.base_url = kUsualServer;
    connection.choice = ServerChoice::this_machine;
    return code_changed();
  }
  const ServerProblem problem = event.error ? explain_refusal(*event.error, connection.base_url)
                                            : explain_silence(event.failure, connection.base_url, state_.host.origin);
  connection.problem = problem.sentence;
  connection.remedy = problem.remedy;
  if (problem.wants_key) want_key();
  if (problem.is_down) {
    connection.retry_at_s = platform_.now_s() + kRetryEvery_s;
    platform_.wake_in(kRetryEvery_s);
  }
}

/// Shows the card with the cursor in the field of the key.
void App::want_key() {
  state_.connection.is_key_wanted = true;
  state_.shows_connection = true;
  focus("api_key");
}

/// Asks again for a server that the visitor wanted and that was not there.
void App::retry_connection() {
  Connection& connection = state_.connection;
  if (connection.retry_at_s == 0 || connection.phase != Connection::Phase::failed) return;
  if (state_.now_s < connection.retry_at_s) return platform_.wake_in(connection.retry_at_s - state_.now_s);
  // The card stays as it is, so that it does not flicker.
  connection.retry_at_s = 0;
  client_.set_server(connection.base_url, connection.key);
  client_.list_models();
}

}  // namespace palimpsest
