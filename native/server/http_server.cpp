#include "native/server/http_server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <thread>

#include "native/server/http_session.h"

namespace palimpsest {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::milliseconds kLastWords{1'000};
constexpr int kPortTries = 16;

bool is_loopback(const std::string& address) {
  return address == "::1" || address.rfind("127.", 0) == 0;
}

// Opens, binds and listens.
error_code open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  const bool is_ipv6 = endpoint.protocol() == tcp::v6();
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  // With one socket for both, an IPv4 client would have an address that looks like IPv6.
  if (!error && is_ipv6) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  return error;
}

[[noreturn]] void fail_bind(const std::string& host, std::uint16_t port, const error_code& error) {
  const bool in_use = error == asio::error::address_in_use;
  fail(in_use ? "address_in_use" : "address_unavailable",
       "The server cannot listen on " + host + " port " + std::to_string(port) + ": " + error.message(), 500);
}

}  // namespace

bool ServerCore::add(const std::shared_ptr<HttpSession>& session, const std::string& address) {
  const std::lock_guard lock(mutex);
  if (sessions.size() >= options.limits.max_connections) return false;
  if (!is_loopback(address) && per_address[address] >= options.limits.max_connections_per_address) return false;
  if (!is_loopback(address)) ++per_address[address];
  sessions.insert(session);
  return true;
}

void ServerCore::remove(const std::shared_ptr<HttpSession>& session, const std::string& address) {
  const std::lock_guard lock(mutex);
  if (sessions.erase(session) == 0) return;
  const auto count = per_address.find(address);
  if (count != per_address.end() && --count->second == 0) per_address.erase(count);
  changed.notify_all();
}

struct HttpServer::State {
  explicit State(HttpServerOptions options) : core(std::move(options)), work(asio::make_work_guard(core.io)) {}

  struct Listener {
    explicit Listener(asio::io_context& io) : strand(asio::make_strand(io)), acceptor(strand), pause(strand) {}
    asio::strand<asio::io_context::executor_type> strand;
    tcp::acceptor acceptor;
    asio::steady_timer pause;
  };

  error_code bind_all(std::uint16_t first_port, std::string& failed_host);
  void accept(Listener& listener);
  void take(tcp::socket socket);
  template <typename Act>
  void for_each_session(Act act);
  bool wait_until_empty(std::chrono::milliseconds time);
  void stop_listening();

  ServerCore core;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<std::thread> threads;
  std::uint16_t port = 0;
  bool is_drained = false;
};

error_code HttpServer::State::bind_all(std::uint16_t first_port, std::string& failed_host) {
  listeners.clear();
  port = first_port;
  for (const std::string& host : core.options.hosts) {
    error_code error;
    const asio::ip::address address = asio::ip::make_address(host, error);
    auto listener = std::make_unique<Listener>(core.io);
    if (!error) error = open(listener->acceptor, {address, port});
    const bool is_missing_ipv6 = host == "::1" && !listeners.empty() && error && error != asio::error::address_in_use;
    if (is_missing_ipv6) continue;
    if (error) {
      failed_host = host;
      return error;
    }
    port = listener->acceptor.local_endpoint().port();
    listeners.push_back(std::move(listener));
  }
  return {};
}

void HttpServer::State::accept(Listener& listener) {
  listener.acceptor.async_accept(asio::make_strand(core.io),
                                 [this, &listener](const error_code& error, tcp::socket socket) {
                                   if (!listener.acceptor.is_open()) return;
                                   if (!error) {
                                     take(std::move(socket));
                                     return accept(listener);
                                   }
                                   // Out of file descriptors, most likely: connections that end give some back.
                                   listener.pause.expires_after(kAcceptPause);
                                   listener.pause.async_wait([this, &listener](const error_code& cancelled) {
                                     if (!cancelled && listener.acceptor.is_open()) accept(listener);
                                   });
                                 });
}

void HttpServer::State::take(tcp::socket socket) {
  error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  if (error) return;  // gone already
  const std::string address = remote.address().to_string();
  auto session = std::make_shared<HttpSession>(std::move(socket), core, address);
  if (core.add(session, address)) return session->start();
  session->turn_away();
}

template <typename Act>
void HttpServer::State::for_each_session(Act act) {
  const std::lock_guard lock(core.mutex);
  for (const auto& session : core.sessions) act(*session);
}

bool HttpServer::State::wait_until_empty(std::chrono::milliseconds time) {
  std::unique_lock lock(core.mutex);
  return core.changed.wait_for(lock, time, [&] { return core.sessions.empty(); });
}

void HttpServer::State::stop_listening() {
  for (const auto& listener : listeners) {
    asio::post(listener->strand, [raw = listener.get()] {
      error_code ignored;
      raw->acceptor.close(ignored);
      raw->pause.cancel();
    });
  }
}

HttpServer::HttpServer(HttpServerOptions options) : state_(std::make_unique<State>(std::move(options))) {
  const std::uint16_t wanted = state_->core.options.port;
  std::string failed_host;
  error_code error = state_->bind_all(wanted, failed_host);
  // A port that is free at one address may be taken at the other.
  for (int tries = 1; wanted == 0 && error == asio::error::address_in_use && tries < kPortTries; ++tries) {
    error = state_->bind_all(0, failed_host);
  }
  if (error) fail_bind(failed_host, state_->port, error);
}

HttpServer::~HttpServer() {
  drain(std::chrono::milliseconds(0));
}

std::uint16_t HttpServer::port() const {
  return state_->port;
}

void HttpServer::start(HttpApplication& application) {
  state_->core.application = &application;
  for (const auto& listener : state_->listeners) state_->accept(*listener);
  for (int i = 0; i < state_->core.options.io_threads; ++i) {
    state_->threads.emplace_back([this] { state_->core.io.run(); });
  }
}

void HttpServer::drain(std::chrono::milliseconds time) {
  if (std::exchange(state_->is_drained, true)) return;
  state_->core.is_draining = true;
  state_->stop_listening();
  state_->for_each_session([](HttpSession& session) { session.post_drain(); });
  if (!state_->threads.empty() && !state_->wait_until_empty(time)) {
    state_->for_each_session([](HttpSession& session) { session.post_end(); });
    if (!state_->wait_until_empty(kLastWords)) {
      state_->for_each_session([](HttpSession& session) { session.post_abort(); });
    }
  }
  state_->work.reset();
  for (std::thread& thread : state_->threads) thread.join();
  state_->core.handlers.join();
}

HttpServerCounts HttpServer::counts() const {
  const std::lock_guard lock(state_->core.mutex);
  return {state_->core.sessions.size(), state_->core.stream_count};
}

}  // namespace palimpsest
