#include "native/providers/http_client.h"

#include <curl/curl.h>
#include <signal.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "native/providers/http_transfer.h"

namespace palimpsest {
namespace {

void initialise_curl() {
  static const bool is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  if (!is_ready) fail(codes::kInternal, "libcurl cannot be initialised", 500);
}

/// OpenSSL writes to sockets without saying that a broken pipe is an error and no signal.
void block_broken_pipes() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

Error cancelled_error() {
  return {std::string(codes::kCancelled), "the request was cancelled", {}, 499};
}

}  // namespace

std::string HttpAnswer::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return "";
}

/// The thread that drives all transfers.
class HttpClient::Loop {
 public:
  explicit Loop(HttpClientOptions options) : options_(std::move(options)) {
    initialise_curl();
    multi_ = curl_multi_init();
    if (multi_ == nullptr) fail(codes::kInternal, "libcurl has no memory", 500);
    thread_ = std::thread([this] { run(); });
  }

  ~Loop() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    curl_multi_cleanup(multi_);
  }

  CallId start(HttpCall call, Done done) {
    const std::lock_guard lock(mutex_);
    const CallId id = ++last_id_;
    waiting_.push_back({id, std::move(call), std::move(done)});
    curl_multi_wakeup(multi_);
    return id;
  }

  void cancel(CallId id) {
    const std::lock_guard lock(mutex_);
    cancelled_.push_back(id);
    curl_multi_wakeup(multi_);
  }

  const HttpClientOptions& options() const { return options_; }

 private:
  struct Waiting {
    CallId id;
    HttpCall call;
    Done done;
  };
  struct Active {
    std::unique_ptr<HttpTransfer> transfer;
    Done done;
  };

  void run() {
    block_broken_pipes();
    constexpr int kLongestWaitMs = 100;  // deadlines are looked at this often
    while (take_orders()) {
      int running = 0;
      curl_multi_perform(multi_, &running);
      finish_ended();
      give_up_late();
      curl_multi_poll(multi_, nullptr, 0, active_.empty() ? 60'000 : kLongestWaitMs, nullptr);
    }
    while (!active_.empty()) end(active_.begin()->first, {cancelled_error(), true});
  }

  /// Starts and cancels what was asked for; false once the client ends.
  bool take_orders() {
    std::vector<Waiting> started;
    std::vector<CallId> cancelled;
    bool closing = false;
    {
      const std::lock_guard lock(mutex_);
      started.swap(waiting_);
      cancelled.swap(cancelled_);
      closing = closing_;
    }
    for (Waiting& order : started) {
      if (closing) {
        order.done({cancelled_error(), false});
      } else {
        begin(std::move(order));
      }
    }
    for (const CallId id : cancelled) end(id, {cancelled_error(), true});
    return !closing;
  }

  void begin(Waiting order) {
    Result<std::unique_ptr<HttpTransfer>> transfer = HttpTransfer::create(std::move(order.call), options_);
    if (!transfer) return order.done({transfer.error(), false});
    CURL* handle = (*transfer)->handle();
    ids_[handle] = order.id;
    active_[order.id] = {*std::move(transfer), std::move(order.done)};
    curl_multi_add_handle(multi_, handle);
  }

  void finish_ended() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const CallId id = ids_.at(message->easy_handle);
      end(id, active_.at(id).transfer->outcome(code));
    }
  }

  void give_up_late() {
    std::vector<std::pair<CallId, Error>> late;
    for (auto& [id, active] : active_) {
      if (std::optional<Error> error = active.transfer->lateness()) late.emplace_back(id, *std::move(error));
    }
    for (auto& [id, error] : late) {
      const bool may_have_arrived = active_.at(id).transfer->may_have_arrived();
      end(id, {std::move(error), may_have_arrived});
    }
  }

  void end(CallId id, HttpOutcome outcome) {
    const auto found = active_.find(id);
    if (found == active_.end()) return;
    Active active = std::move(found->second);
    if (!outcome.answer && outcome.answer.error().code == codes::kCancelled) {
      outcome.may_have_arrived = active.transfer->may_have_arrived();
    }
    active_.erase(found);
    curl_multi_remove_handle(multi_, active.transfer->handle());
    ids_.erase(active.transfer->handle());
    active.done(std::move(outcome));
  }

  const HttpClientOptions options_;
  CURLM* multi_ = nullptr;
  std::map<CallId, Active> active_;  // the loop's thread only, as ids_
  std::map<CURL*, CallId> ids_;
  std::mutex mutex_;
  std::vector<Waiting> waiting_;  // guarded by mutex_, as all below
  std::vector<CallId> cancelled_;
  CallId last_id_ = 0;
  bool closing_ = false;
  std::thread thread_;  // last: it uses all of the above
};

HttpClient::HttpClient(HttpClientOptions options) : loop_(std::make_unique<Loop>(std::move(options))) {}

HttpClient::~HttpClient() = default;

HttpClient::CallId HttpClient::start(HttpCall call, Done done) {
  return loop_->start(std::move(call), std::move(done));
}

void HttpClient::cancel(CallId id) {
  loop_->cancel(id);
}

const std::vector<std::string>& HttpClient::trusted_origins() const {
  return loop_->options().trusted_origins;
}

HttpOutcome HttpClient::perform(HttpCall call, const StopToken& stop) {
  struct Waiter {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<HttpOutcome> outcome;
  };
  constexpr std::chrono::milliseconds kStopIsSeenWithin{20};
  const auto waiter = std::make_shared<Waiter>();
  const CallId id = start(std::move(call), [waiter](HttpOutcome outcome) {
    const std::lock_guard lock(waiter->mutex);
    waiter->outcome = std::move(outcome);
    waiter->changed.notify_all();
  });
  std::unique_lock lock(waiter->mutex);
  bool is_cancelled = false;
  while (!waiter->outcome) {
    waiter->changed.wait_for(lock, kStopIsSeenWithin);
    if (!waiter->outcome && !is_cancelled && stop.stop_requested()) {
      is_cancelled = true;
      cancel(id);
    }
  }
  return *std::move(waiter->outcome);
}

}  // namespace palimpsest
