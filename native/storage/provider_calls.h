#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/storage/storage.h"
#include "shared/base/error.h"

namespace palimpsest {

/// A call to a hosted provider that may cost something. It is written down before it is made, so that no crash can hide
/// one, and no restart makes it again.
enum class CallState {
  sending,    ///< about to be made; found after a restart it may or may not have arrived
  accepted,   ///< the provider works on it; `handle` says how to ask
  succeeded,  ///< its pictures are stored here
  failed,     ///< no picture will come of it
  unknown,    ///< it may have arrived, and may be charged, without our ever seeing a picture
  cancelled,  ///< given up by us
};
/// As stored and in lists of attempts.
std::string_view name_of(CallState state);

struct CallPicture {
  std::string image;  ///< id in ImageStore
  std::uint64_t seed = 0;
  std::string revised_prompt;
};

struct ProviderCall {
  std::int64_t id = 0;
  std::string job, provider, endpoint;
  std::int64_t first_picture = 0, pictures = 1;  ///< which of the job's pictures it is for
  CallState state = CallState::sending;
  std::string handle;  ///< JSON text; never a key
  std::vector<CallPicture> results;
  std::int64_t cost_micros_usd = 0;  ///< booked when it is made; corrected when it ends
  std::optional<Error> error;
  UnixMillis created_ms = 0;
  std::optional<UnixMillis> finished_ms;
};

/// What was measured of a provider's latest calls.
struct CallStatistics {
  std::int64_t succeeded = 0, failed = 0;
  std::optional<std::int64_t> p50_ms, p95_ms;  ///< of those that succeeded
};

/// What is remembered of a provider's health.
struct ProviderHealthRecord {
  std::string provider;
  int failures = 0;                ///< in a row
  UnixMillis closed_until_ms = 0;  ///< not to be asked before
  std::string last_error;
  UnixMillis last_error_ms = 0;
};

/// The tables of calls to providers and of their health. A view as JobStore is.
class ProviderCalls {
 public:
  explicit ProviderCalls(Database& database) : database_(database) {}

  /// Writes a call down as `sending` and returns its id. Errors: 402 `spending_limit` where the cost of all calls
  /// since `day_start` would pass `daily_limit_micros`.
  std::int64_t begin(const ProviderCall& call, UnixMillis day_start, std::optional<std::int64_t> daily_limit_micros);
  void accept(std::int64_t id, const std::string& handle, std::int64_t cost_micros_usd);
  /// Stores only what is needed to ask again.
  void set_handle(std::int64_t id, const std::string& handle);
  void succeed(std::int64_t id, const std::vector<CallPicture>& results, std::int64_t cost_micros_usd, UnixMillis now);
  /// `state` is one of failed, unknown and cancelled.
  void end(std::int64_t id, CallState state, const Error& error, std::int64_t cost_micros_usd, UnixMillis now);

  /// In the order in which they were made.
  std::vector<ProviderCall> of_job(const std::string& job) const;
  std::int64_t spent_since(UnixMillis start) const;
  CallStatistics statistics(const std::string& provider) const;

  std::vector<ProviderHealthRecord> health() const;
  void set_health(const ProviderHealthRecord& record);

 private:
  Database& database_;
};

}  // namespace palimpsest
