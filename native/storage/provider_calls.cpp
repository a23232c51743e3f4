#include "native/storage/provider_calls.h"

#include <algorithm>
#include <array>

#include "native/storage/job_store.h"
#include "shared/base/json.h"

namespace palimpsest {
namespace {

constexpr std::array kStates = {CallState::sending, CallState::accepted, CallState::succeeded,
                                CallState::failed,  CallState::unknown,  CallState::cancelled};
constexpr int kMeasured = 200;  // latest calls that statistics look at

CallState state_of(const std::string& name) {
  for (const CallState state : kStates) {
    if (name_of(state) == name) return state;
  }
  fail(codes::kStorageDamaged, "a stored call has the unknown state " + name, 500);
}

std::string to_text(const std::vector<CallPicture>& results) {
  Json::Array all;
  for (const CallPicture& picture : results) {
    all.emplace_back(
        Json::Object{{"image", picture.image}, {"seed", picture.seed}, {"revised_prompt", picture.revised_prompt}});
  }
  return Json(std::move(all)).dump();
}

std::vector<CallPicture> results_from(const std::string& text) {
  std::vector<CallPicture> results;
  const Json json = parse_json(text).value_or_throw();
  for (const Json& item : *json.as_array()) {
    CallPicture picture{item.text("image"), 0, item.text("revised_prompt")};
    item.find("seed")->to_uint64(picture.seed);
    results.push_back(std::move(picture));
  }
  return results;
}

Error error_from(const std::string& text) {
  const Json json = parse_json(text).value_or_throw();
  std::int64_t status = 502;
  if (const Json* member = json.find("http_status")) member->to_int64(status);
  return {json.text("code"), json.text("message"), json.text("param"), static_cast<int>(status)};
}

ProviderCall call_in(const Rows& rows) {
  ProviderCall call;
  call.id = rows.integer(0);
  call.job = rows.text(1);
  call.provider = rows.text(2);
  call.endpoint = rows.text(3);
  call.first_picture = rows.integer(4);
  call.pictures = rows.integer(5);
  call.state = state_of(rows.text(6));
  call.handle = rows.text(7);
  call.results = results_from(rows.text(8));
  call.cost_micros_usd = rows.integer(9);
  if (const auto error = rows.maybe_text(10)) call.error = error_from(*error);
  call.created_ms = rows.integer(11);
  call.finished_ms = rows.maybe_integer(12);
  return call;
}

}  // namespace

std::string_view name_of(CallState state) {
  switch (state) {
    case CallState::sending:
      return "sending";
    case CallState::accepted:
      return "accepted";
    case CallState::succeeded:
      return "succeeded";
    case CallState::failed:
      return "failed";
    case CallState::unknown:
      return "unknown";
    case CallState::cancelled:
      break;
  }
  return "cancelled";
}

std::int64_t ProviderCalls::begin(const ProviderCall& call, UnixMillis day_start,
                                  std::optional<std::int64_t> daily_limit_micros) {
  if (daily_limit_micros && spent_since(day_start) + call.cost_micros_usd > *daily_limit_micros) {
    throw PalimpsestError({"spending_limit",
                           "The daily spending limit of " + std::to_string(*daily_limit_micros / 10'000) +
                               " US cents for hosted providers is reached",
                           "", 402});
  }
  Rows rows = database_.query(
      "INSERT INTO provider_calls(job, provider, endpoint, first_picture, pictures, state, handle, results, "
      "cost_micros, created_ms) VALUES(?, ?, ?, ?, ?, 'sending', '', '[]', ?, ?) RETURNING id",
      call.job, call.provider, call.endpoint, call.first_picture, call.pictures, call.cost_micros_usd, call.created_ms);
  rows.next();
  return rows.integer(0);
}

void ProviderCalls::accept(std::int64_t id, const std::string& handle, std::int64_t cost_micros_usd) {
  database_.run("UPDATE provider_calls SET state = 'accepted', handle = ?, cost_micros = ? WHERE id = ?", handle,
                cost_micros_usd, id);
}

void ProviderCalls::set_handle(std::int64_t id, const std::string& handle) {
  database_.run("UPDATE provider_calls SET handle = ? WHERE id = ?", handle, id);
}

void ProviderCalls::succeed(std::int64_t id, const std::vector<CallPicture>& results, std::int64_t cost_micros_usd,
                            UnixMillis now) {
  database_.run(
      "UPDATE provider_calls SET state = 'succeeded', results = ?, cost_micros = ?, finished_ms = ? WHERE id = ?",
      to_text(results), cost_micros_usd, now, id);
}

void ProviderCalls::end(std::int64_t id, CallState state, const Error& error, std::int64_t cost_micros_usd,
                        UnixMillis now) {
  database_.run("UPDATE provider_calls SET state = ?, error = ?, cost_micros = ?, finished_ms = ? WHERE id = ?",
                name_of(state), to_json(error).dump(), cost_micros_usd, now, id);
}

std::vector<ProviderCall> ProviderCalls::of_job(const std::string& job) const {
  std::vector<ProviderCall> calls;
  Rows rows = database_.query(
      "SELECT id, job, provider, endpoint, first_picture, pictures, state, handle, results, cost_micros, error, "
      "created_ms, finished_ms FROM provider_calls WHERE job = ? ORDER BY id",
      job);
  while (rows.next()) calls.push_back(call_in(rows));
  return calls;
}

std::int64_t ProviderCalls::spent_since(UnixMillis start) const {
  Rows rows = database_.query("SELECT coalesce(sum(cost_micros), 0) FROM provider_calls WHERE created_ms >= ?", start);
  rows.next();
  return rows.integer(0);
}

CallStatistics ProviderCalls::statistics(const std::string& provider) const {
  CallStatistics statistics;
  std::vector<std::int64_t> latencies;
  Rows rows = database_.query(
      "SELECT state, finished_ms - created_ms FROM provider_calls WHERE provider = ? AND finished_ms IS NOT NULL "
      "AND state <> 'cancelled' AND coalesce(json_extract(error, '$.http_status'), 502) >= 402 "
      "ORDER BY created_ms DESC LIMIT ?",
      provider, kMeasured);
  while (rows.next()) {
    const bool succeeded = rows.text(0) == "succeeded";
    ++(succeeded ? statistics.succeeded : statistics.failed);
    if (succeeded) latencies.push_back(rows.integer(1));
  }
  if (latencies.empty()) return statistics;
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](std::size_t percent) { return latencies[(latencies.size() - 1) * percent / 100]; };
  statistics.p50_ms = at(50);
  statistics.p95_ms = at(95);
  return statistics;
}

std::vector<ProviderHealthRecord> ProviderCalls::health() const {
  std::vector<ProviderHealthRecord> all;
  Rows rows =
      database_.query("SELECT provider, failures, closed_until_ms, last_error, last_error_ms FROM provider_health");
  while (rows.next()) {
    all.push_back({rows.text(0), static_cast<int>(rows.integer(1)), rows.integer(2), rows.text(3), rows.integer(4)});
  }
  return all;
}

void ProviderCalls::set_health(const ProviderHealthRecord& record) {
  database_.run("INSERT OR REPLACE INTO provider_health VALUES(?, ?, ?, ?, ?)", record.provider, record.failures,
                record.closed_until_ms, record.last_error, record.last_error_ms);
}

}  // namespace palimpsest
