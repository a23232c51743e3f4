#include "native/server/http_session.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "native/server/response_head.h"
#include "native/storage/random_id.h"
#include "shared/api/wire_error.h"

namespace palimpsest {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxPipelinedBytes = std::size_t{64} << 10;
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr int kClientLeft = 499;

std::int64_t unix_ms_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string media_type(const HttpRequest& request) {
  const std::string* field = request.headers.find("content-type");
  if (field == nullptr) return "";
  const std::string type = lower_case(field->substr(0, field->find(';')));
  return type.substr(0, type.find_last_not_of(" \t") + 1);
}

Error shutting_down() {
  return {"shutting_down", "The server is shutting down; try again soon", "", 503};
}

SseEvent error_event(const Error& error) {
  return {"error", error_body({Problem{error, ""}}).dump(), ""};
}

std::string hexadecimal(std::size_t value) {
  std::string text;
  for (; value > 0; value /= 16) text.insert(text.begin(), "0123456789abcdef"[value % 16]);
  return text;
}

}  // namespace

HttpSession::HttpSession(asio::ip::tcp::socket socket, ServerCore& core, std::string address)
    : core_(core), socket_(std::move(socket)), timer_(socket_.get_executor()), address_(std::move(address)) {}

HttpSession::~HttpSession() = default;

template <typename Step>
void HttpSession::post(Step step) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), step = std::move(step)]() mutable {
    if (self->phase_ != Phase::ended) step(*self);
  });
}

void HttpSession::start() {
  post([](HttpSession& self) {
    if (self.core_.is_draining) return self.end();
    error_code ignored;
    self.socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    self.socket_.non_blocking(true, ignored);
    self.arm(self.limits().head_time);
    self.read_more();
  });
}

void HttpSession::turn_away() {
  HttpResponse response =
      error_response({"too_many_connections", "The server has too many connections; try again soon", "", 503}, 5);
  const std::string head = response_head(response, {}, random_id(), {ResponseFraming::Body::sized, true});
  error_code ignored;
  // It fits into the empty buffer of a new socket as a whole.
  socket_.non_blocking(true, ignored);
  socket_.write_some(asio::buffer(head + *response.body), ignored);
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

// ---- Reading -------------------------------------------------------------------------------------------------------

void HttpSession::read_more() {
  const bool is_full =
      phase_ != Phase::head && phase_ != Phase::body && phase_ != Phase::lingering && in_.size() >= kMaxPipelinedBytes;
  if (is_waiting_readable_ || is_read_over_ || is_full || phase_ == Phase::ended) return;
  is_waiting_readable_ = true;
  // Waiting takes no memory; the bytes are then read into a buffer that all sessions of a thread share.
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->is_waiting_readable_ = false;
    if (!error && self->phase_ != Phase::ended) self->on_readable();
  });
}

void HttpSession::on_readable() {
  thread_local std::array<char, kReadBytes> buffer;
  error_code error;
  const std::size_t count = socket_.read_some(asio::buffer(buffer), error);
  if (error == asio::error::would_block || error == asio::error::interrupted) return read_more();
  if (error) return on_read_end(error == asio::error::eof);
  on_bytes({buffer.data(), count});
}

void HttpSession::on_bytes(std::string_view bytes) {
  if (phase_ != Phase::lingering) in_.append(bytes);
  if (phase_ == Phase::head) return try_head();
  if (phase_ == Phase::body) return read_body();
  read_more();
}

void HttpSession::on_read_end(bool is_orderly) {
  is_read_over_ = true;
  if (link_) client_left(*link_);
  // After an orderly end a client may still read its answer; a stream is for those who stay.
  const bool may_answer = is_orderly && (phase_ == Phase::handling || (phase_ == Phase::writing && !has_stream_));
  if (!may_answer) end();
}

void HttpSession::try_head() {
  if (core_.is_draining && in_.empty()) return end();
  if (!in_.empty() && !std::exchange(has_head_begun_, true) && request_count_ > 0) arm(limits().head_time);
  const HeadScan scan = scan_head(in_, limits().max_head_bytes, limits().max_target_bytes);
  if (!scan.refusal && scan.size == 0) return is_read_over_ ? end() : read_more();
  log_ = {};
  log_.unix_ms = unix_ms_now();
  log_.id = random_id();
  log_.remote_address = address_;
  began_ = Clock::now();
  if (scan.refusal) return refuse(*scan.refusal);
  const std::string head = in_.substr(0, scan.size);
  in_.erase(0, scan.size);
  take_head(head);
}

void HttpSession::take_head(std::string_view head) {
  parser_ = std::make_unique<RequestParser>();
  Result<ParsedHead> parsed = parser_->read_head(head);
  if (!parsed) return refuse(parsed.error());
  const Framing framing = parsed->framing;
  request_ = std::move(parsed->request);
  request_.id = log_.id;
  request_.remote_address = address_;
  log_.method = request_.method;
  ++request_count_;
  keeps_alive_ = parsed->keep_alive && request_.version == 11 &&
                 request_count_ < limits().max_requests_per_connection && !core_.is_draining;
  admission_ = core_.application->admit(request_);
  log_.route = admission_.route;
  log_.path = admission_.log_path;
  if (admission_.refusal) {
    keeps_alive_ = keeps_alive_ && !framing.has_body();
    return answer(*std::move(admission_.refusal));
  }
  if (const auto error = prepare_body(framing)) {
    keeps_alive_ = keeps_alive_ && !framing.has_body();
    return answer(error_response(*error));
  }
  if (framing.has_body()) return begin_body(framing);
  dispatch();
}

std::optional<Error> HttpSession::prepare_body(const Framing& framing) {
  std::size_t max_bytes = admission_.json_has_pictures ? limits().max_picture_json_bytes : limits().max_json_bytes;
  body_ = std::make_unique<RequestBody>(max_bytes, BodyShare(core_.bodies));
  if (!framing.has_body()) return std::nullopt;
  const std::string type = media_type(request_);
  if (admission_.body == BodyKind::none) {
    return Error{"unexpected_body", request_.method + " " + request_.path + " takes no body"};
  }
  if (admission_.body == BodyKind::multipart_or_json && type == "multipart/form-data") {
    const Result<std::string> boundary = multipart_boundary(*request_.headers.find("content-type"));
    if (!boundary) return boundary.error();
    max_bytes = limits().max_upload_bytes;
    MultipartLimits form_limits;
    form_limits.spool_folder = core_.options.spool_folder;
    body_ = std::make_unique<RequestBody>(max_bytes, BodyShare(core_.bodies), MultipartParser(*boundary, form_limits));
  } else if (type != "application/json") {
    const bool takes_forms = admission_.body == BodyKind::multipart_or_json;
    return Error{
        "unsupported_media_type",
        std::string("The Content-Type must be application/json") + (takes_forms ? " or multipart/form-data" : ""), "",
        415};
  }
  if (framing.length.value_or(0) > max_bytes) return body_too_large(max_bytes);
  return std::nullopt;
}

void HttpSession::begin_body(const Framing& framing) {
  if (framing.expects_continue && in_.empty()) {
    // So few bytes fit into the empty buffer of a socket; a client that does not get them sends its body anyway.
    error_code ignored;
    socket_.write_some(asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")), ignored);
  }
  phase_ = Phase::body;
  body_began_ = Clock::now();
  deadline_ = body_deadline();
  wait_for_deadline();
  read_body();
}

void HttpSession::read_body() {
  if (!in_.empty()) {
    const RequestParser::Progress progress = parser_->read_body(in_, *body_);
    in_.erase(0, progress.used_bytes);
    if (progress.error) return refuse(*progress.error);
    if (progress.is_done) return dispatch();
  }
  read_more();
}

void HttpSession::dispatch() {
  log_.request_bytes = body_->size();
  if (const auto error = body_->finish(request_)) {
    keeps_alive_ = false;
    return answer(error_response(*error));
  }
  disarm();
  phase_ = Phase::handling;
  link_ = std::make_shared<ExchangeLink>(std::move(request_), body_->take_share(), limits());
  link_->owner = this;
  body_.reset();
  parser_.reset();
  ExchangePtr exchange = make_exchange(link_);
  if (admission_.is_quick) {
    admission_.handler(exchange);
  } else {
    asio::post(core_.handlers, [handler = admission_.handler, exchange = std::move(exchange)] { handler(exchange); });
  }
  read_more();
}

// ---- Writing -------------------------------------------------------------------------------------------------------

void HttpSession::refuse(const Error& error) {
  keeps_alive_ = false;
  answer(error_response(error, error.http_status == 503 ? 5 : 0));
}

void HttpSession::answer(HttpResponse response) {
  phase_ = Phase::writing;
  disarm();
  keeps_alive_ = keeps_alive_ && !core_.is_draining;
  ResponseFraming framing;
  framing.closes = !keeps_alive_;
  std::string head = response_head(response, admission_.response_headers, log_.id, framing);
  log_.status = has_left() ? kClientLeft : response.status;
  log_.note = response.log_note;
  const bool sends_body = log_.method != "HEAD" && response.status != 204 && response.status != 304;
  std::shared_ptr<const std::string> body = sends_body ? std::move(response.body) : nullptr;
  log_.response_bytes = body ? body->size() : 0;
  write(std::move(head), std::move(body), keeps_alive_ ? After::next_request : After::linger);
}

void HttpSession::begin_stream(Headers headers) {
  phase_ = Phase::writing;
  is_chunked_ = link_->request.version == 11;
  keeps_alive_ = false;
  HttpResponse response{200, std::move(headers)};
  response.headers.set("content-type", "text/event-stream");
  response.headers.set("cache-control", "no-cache");
  const auto body = is_chunked_ ? ResponseFraming::Body::chunked : ResponseFraming::Body::until_close;
  std::string head = response_head(response, admission_.response_headers, log_.id, {body, true});
  log_.status = response.status;
  log_.note = response.log_note;
  const bool is_sound = response.status == 200 && log_.method != "HEAD";
  write(std::move(head), is_sound ? nullptr : response.body, is_sound ? After::stream : After::linger);
}

void HttpSession::write_events() {
  std::string events;
  bool is_over = false;
  {
    const std::lock_guard lock(link_->mutex);
    link_->is_flushing = false;
    if (phase_ != Phase::streaming || link_->is_writing) return;
    events = link_->pop();
    link_->is_writing = !events.empty();
    is_over = events.empty() && !link_->is_open;
  }
  if (!events.empty()) return write_stream_piece(std::move(events), After::end_of_event);
  if (!is_over) return arm(limits().heartbeat);
  if (std::exchange(is_last_piece_sent_, true)) return;
  phase_ = Phase::writing;
  write(is_chunked_ ? "0\r\n\r\n" : "", nullptr, After::linger);
}

void HttpSession::write_stream_piece(std::string bytes, After after) {
  log_.response_bytes += bytes.size();
  if (!is_chunked_) return write(std::move(bytes), nullptr, after);
  std::string head = hexadecimal(bytes.size()) + "\r\n";
  write(std::move(head), std::make_shared<const std::string>(std::move(bytes) + "\r\n"), after);
}

void HttpSession::write(std::string head, std::shared_ptr<const std::string> body, After after) {
  out_head_ = std::move(head);
  out_body_ = std::move(body);
  out_sent_ = 0;
  after_write_ = after;
  write_rest();
}

void HttpSession::write_rest() {
  const std::size_t body_size = out_body_ ? out_body_->size() : 0;
  if (out_sent_ == out_head_.size() + body_size) return on_written();
  arm(limits().write_stall);
  const std::size_t head_sent = std::min(out_sent_, out_head_.size()), body_sent = out_sent_ - head_sent;
  const std::array<asio::const_buffer, 2> buffers = {
      asio::buffer(out_head_) + head_sent,
      asio::const_buffer(out_body_ ? out_body_->data() + body_sent : nullptr, body_size - body_sent)};
  socket_.async_write_some(buffers, [self = shared_from_this()](const error_code& error, std::size_t count) {
    if (self->phase_ == Phase::ended) return;
    if (error) {
      if (self->link_) client_left(*self->link_);
      return self->end();
    }
    self->out_sent_ += count;
    self->write_rest();
  });
}

void HttpSession::on_written() {
  disarm();
  out_head_.clear();
  out_body_.reset();
  switch (after_write_) {
    case After::next_request:
      return next_request();
    case After::linger:
      return linger();
    case After::stream:
      phase_ = Phase::streaming;
      break;
    case After::end_of_event: {
      const std::lock_guard lock(link_->mutex);
      link_->is_writing = false;
    }
  }
  write_events();
}

void HttpSession::next_request() {
  finish_exchange(log_.status);
  phase_ = Phase::head;
  has_head_begun_ = !in_.empty();
  arm(has_head_begun_ ? limits().head_time : limits().idle_time);
  // Not called at once: answers to many small pipelined requests would nest.
  post([](HttpSession& self) { self.try_head(); });
}

// Closing with unread bytes would make the system reset the connection and the client lose its answer.
void HttpSession::linger() {
  finish_exchange(log_.status);
  phase_ = Phase::lingering;
  in_ = std::string();
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  if (is_read_over_) return end();
  arm(kLingerTime);
  read_more();
}

// ---- Time ----------------------------------------------------------------------------------------------------------

void HttpSession::arm(Duration time) {
  deadline_ = Clock::now() + time;
  if (!is_timer_waiting_ || deadline_ < timer_.expiry()) wait_for_deadline();
}

void HttpSession::wait_for_deadline() {
  is_timer_waiting_ = true;
  timer_.expires_at(deadline_);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || self->phase_ == Phase::ended) return;
    self->is_timer_waiting_ = false;
    if (self->deadline_ == Clock::time_point::max()) return;
    if (Clock::now() < self->deadline_) return self->wait_for_deadline();
    self->on_deadline();
  });
}

// When the bytes so far will be too few for the time so far.
HttpSession::Clock::time_point HttpSession::body_deadline() const {
  const auto earned = std::chrono::milliseconds(body_->size() * 1000 / limits().min_body_bytes_per_second);
  return body_began_ + std::min(limits().body_grace + earned, limits().body_time);
}

void HttpSession::on_deadline() {
  switch (phase_) {
    case Phase::head:
      if (in_.empty()) return end();
      return refuse({"request_timeout", "The request's head took too long to arrive", "", 408});
    case Phase::body:
      deadline_ = body_deadline();
      if (Clock::now() < deadline_) return wait_for_deadline();
      return refuse({"request_timeout", "The request's body took too long to arrive", "", 408});
    case Phase::streaming: {
      const std::lock_guard lock(link_->mutex);
      if (link_->is_writing) break;
      link_->is_writing = true;
    }
      return write_stream_piece(encode_sse_comment("still here"), After::end_of_event);
    case Phase::writing:
    case Phase::lingering:
    case Phase::handling:
    case Phase::ended:
      break;
  }
  if (link_) client_left(*link_);
  end();
}

// ---- From other threads, and the end -------------------------------------------------------------------------------

void HttpSession::post_response(HttpResponse response) {
  post([response = std::move(response)](HttpSession& self) mutable { self.answer(std::move(response)); });
}

bool HttpSession::reserve_stream() {
  if (++core_.stream_count <= limits().max_event_streams) {
    has_stream_ = true;
    return true;
  }
  --core_.stream_count;
  return false;
}

void HttpSession::post_stream(Headers headers) {
  post([headers = std::move(headers)](HttpSession& self) mutable { self.begin_stream(std::move(headers)); });
}

void HttpSession::post_events() {
  post([](HttpSession& self) {
    if (self.link_) self.write_events();
  });
}

void HttpSession::post_drop() {
  post([](HttpSession& self) {
    if (!self.link_) return;
    self.log_.note = "the client read its events too slowly";
    client_left(*self.link_);
    self.end();
  });
}

void HttpSession::post_drain() {
  post([](HttpSession& self) { self.drain(); });
}

void HttpSession::drain() {
  if (phase_ == Phase::head || phase_ == Phase::lingering) return end();
  if (!link_) return;
  {
    const std::lock_guard lock(link_->mutex);
    if (!link_->is_open || link_->at_shutdown == AtShutdown::finish) return;
  }
  say_goodbye();
}

void HttpSession::say_goodbye() {
  {
    const std::lock_guard lock(link_->mutex);
    if (!link_->is_open) return;
    link_->push(encode_sse(error_event(shutting_down())));
  }
  client_left(*link_);
  write_events();
}

void HttpSession::post_end() {
  post([](HttpSession& self) {
    if (self.phase_ == Phase::handling) {
      client_left(*self.link_);
      {
        const std::lock_guard lock(self.link_->mutex);
        if (std::exchange(self.link_->is_answered, true)) return;
      }
      return self.refuse(shutting_down());
    }
    if (self.phase_ == Phase::streaming) return self.say_goodbye();
    if (self.phase_ != Phase::writing) self.end();
  });
}

void HttpSession::post_abort() {
  post([](HttpSession& self) { self.end(); });
}

bool HttpSession::has_left() const {
  if (!link_) return false;
  const std::lock_guard lock(link_->mutex);
  return link_->has_left;
}

void HttpSession::finish_exchange(int status) {
  if (link_) detach(*link_);
  link_.reset();
  body_.reset();
  parser_.reset();
  admission_ = {};
  request_ = {};
  if (has_stream_.exchange(false)) --core_.stream_count;
  if (log_.id.empty()) return;
  log_.status = status;
  log_.seconds = std::chrono::duration<double>(Clock::now() - began_).count();
  if (core_.options.log) core_.options.log(log_);
  log_ = {};
}

void HttpSession::end() {
  if (phase_ == Phase::ended) return;
  const bool was_answered = phase_ == Phase::streaming && log_.note.empty();
  finish_exchange(was_answered ? log_.status : kClientLeft);
  phase_ = Phase::ended;
  error_code ignored;
  timer_.cancel();
  socket_.close(ignored);
  core_.remove(shared_from_this(), address_);
}

}  // namespace palimpsest
