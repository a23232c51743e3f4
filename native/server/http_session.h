// Included by http_server.cpp and http_session.cpp only: it brings Asio along.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "native/server/exchange_link.h"
#include "native/server/http_server.h"
#include "native/server/request_parser.h"

namespace palimpsest {

class HttpSession;

/// What the sessions of one server share.
struct ServerCore {
  explicit ServerCore(HttpServerOptions options_in)
      : options(std::move(options_in)),
        handlers(static_cast<std::size_t>(options.handler_threads)),
        bodies(std::make_shared<BodyBudget>(options.limits.max_bodies_bytes)) {}

  const HttpServerOptions options;
  boost::asio::io_context io;
  boost::asio::thread_pool handlers;
  const std::shared_ptr<BodyBudget> bodies;
  HttpApplication* application = nullptr;
  std::atomic<bool> is_draining{false};
  std::atomic<std::size_t> stream_count{0};

  /// False where there are too many connections, of all or of this address.
  bool add(const std::shared_ptr<HttpSession>& session, const std::string& address);
  void remove(const std::shared_ptr<HttpSession>& session, const std::string& address);

  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex:
  std::set<std::shared_ptr<HttpSession>> sessions;
  std::map<std::string, std::size_t> per_address;  // off loopback
};

/// One connection: reads requests one after the other, has each answered before it looks at the next, and watches
/// meanwhile whether the client is still there. Everything but the posts happens on its strand.
class HttpSession : public ExchangeOwner, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(boost::asio::ip::tcp::socket socket, ServerCore& core, std::string address);
  ~HttpSession() override;

  void start();
  /// Instead: a client that is one too many is told so.
  void turn_away();
  /// From any thread: ends where nothing runs, closes a resumable stream, else lets the exchange finish.
  void post_drain();
  /// From any thread: ends soon, with a last word where an answer is due.
  void post_end();
  /// From any thread: ends now.
  void post_abort();

  void post_response(HttpResponse response) override;
  bool reserve_stream() override;
  void post_stream(Headers headers) override;
  void post_events() override;
  void post_drop() override;

 private:
  using Clock = std::chrono::steady_clock;
  using Duration = HttpLimits::Duration;
  enum class Phase { head, body, handling, writing, streaming, lingering, ended };
  enum class After { next_request, stream, end_of_event, linger };  // what a write is followed by

  const HttpLimits& limits() const { return core_.options.limits; }

  // Reading.
  void read_more();
  void on_readable();
  void on_bytes(std::string_view bytes);
  void on_read_end(bool is_orderly);
  void try_head();
  void take_head(std::string_view head);
  std::optional<Error> prepare_body(const Framing& framing);
  void begin_body(const Framing& framing);
  void read_body();
  void dispatch();

  // Writing.
  void refuse(const Error& error);
  void answer(HttpResponse response);
  void begin_stream(Headers headers);
  void write_events();
  void write_stream_piece(std::string bytes, After after);
  void write(std::string head, std::shared_ptr<const std::string> body, After after);
  void write_rest();
  void on_written();
  void next_request();
  void linger();

  // Time.
  void arm(Duration time);
  void disarm() { deadline_ = Clock::time_point::max(); }
  void wait_for_deadline();
  void on_deadline();
  Clock::time_point body_deadline() const;

  void drain();
  void say_goodbye();
  bool has_left() const;
  void finish_exchange(int status);
  void end();
  template <typename Step>
  void post(Step step);

  ServerCore& core_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  const std::string address_;

  Phase phase_ = Phase::head;
  bool is_waiting_readable_ = false, is_read_over_ = false;
  std::string in_;  // bytes read and not yet used
  std::size_t request_count_ = 0;
  bool has_head_begun_ = false;

  Clock::time_point deadline_ = Clock::time_point::max();
  bool is_timer_waiting_ = false;

  // The exchange that runs.
  std::unique_ptr<RequestParser> parser_;
  std::unique_ptr<RequestBody> body_;
  HttpRequest request_;
  Admission admission_;
  std::shared_ptr<ExchangeLink> link_;
  RequestLog log_;
  Clock::time_point began_, body_began_;
  bool keeps_alive_ = false, is_chunked_ = false, is_last_piece_sent_ = false;
  std::atomic<bool> has_stream_{false};  // one of core_.stream_count is ours

  // The write that runs.
  std::string out_head_;
  std::shared_ptr<const std::string> out_body_;
  std::size_t out_sent_ = 0;
  After after_write_ = After::next_request;
};

}  // namespace palimpsest
