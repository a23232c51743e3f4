#include "native/storage/provider_calls.h"

#include <doctest/doctest.h>

#include "tests/native/storage/stored_folder.h"

using namespace palimpsest;
using namespace palimpsest::test;

namespace {

constexpr UnixMillis kDay = 1'000'000;

ProviderCall call_of(const std::string& job, std::int64_t picture = 0, const std::string& provider = "fal") {
  ProviderCall call;
  call.job = job;
  call.provider = provider;
  call.endpoint = provider + "/flux.1-kontext-max";
  call.first_picture = picture;
  call.cost_micros_usd = 80'000;
  call.created_ms = kDay + 1;
  return call;
}

struct Calls {
  StoredFolder data;

  template <typename Use>
  auto use(Use what) {
    return data.commit([&](Database& database) {
      ProviderCalls calls(database);
      return what(calls);
    });
  }
  std::int64_t begin(const ProviderCall& call, std::optional<std::int64_t> limit = {}) {
    return use([&](ProviderCalls& calls) { return calls.begin(call, kDay, limit); });
  }
};

}  // namespace

TEST_CASE("a call is there from before it is made to its end, across restarts") {
  Calls calls;
  const std::int64_t id = calls.begin(call_of("job", 3));
  calls.data.reopen();
  auto found = calls.use([](ProviderCalls& all) { return all.of_job("job"); });
  REQUIRE(found.size() == 1);
  CHECK(found[0].state == CallState::sending);
  CHECK(found[0].first_picture == 3);
  CHECK(found[0].cost_micros_usd == 80'000);
  calls.use([&](ProviderCalls& all) {
    all.accept(id, R"({"id":"r1"})", 70'000);
    return 0;
  });
  calls.data.reopen();
  found = calls.use([](ProviderCalls& all) { return all.of_job("job"); });
  CHECK(found[0].state == CallState::accepted);
  CHECK(found[0].handle == R"({"id":"r1"})");
  CHECK(found[0].cost_micros_usd == 70'000);
  calls.use([&](ProviderCalls& all) {
    all.succeed(id, {{"picture", 18446744073709551615ULL, "a blue house"}}, 70'000, kDay + 500);
    return 0;
  });
  found = calls.use([](ProviderCalls& all) { return all.of_job("job"); });
  CHECK(found[0].state == CallState::succeeded);
  REQUIRE(found[0].results.size() == 1);
  CHECK(found[0].results[0].image == "picture");
  CHECK(found[0].results[0].seed == 18446744073709551615ULL);
  CHECK(found[0].results[0].revised_prompt == "a blue house");
  CHECK(found[0].finished_ms == kDay + 500);
}

TEST_CASE("the daily limit counts what is under way, and only the day") {
  Calls calls;
  ProviderCall yesterday = call_of("old");
  yesterday.created_ms = kDay - 1;
  calls.begin(yesterday);
  const std::int64_t first = calls.begin(call_of("a"), 160'000);
  calls.begin(call_of("b"), 160'000);
  CHECK_THROWS_WITH_AS(calls.begin(call_of("c"), 160'000),
                       "The daily spending limit of 16 US cents for hosted providers is reached", PalimpsestError);
  calls.use([&](ProviderCalls& all) {
    all.end(first, CallState::failed, {"provider_failed", "no", "", 502}, 0, kDay + 9);
    return 0;
  });
  calls.begin(call_of("d"), 160'000);
  CHECK(calls.use([](ProviderCalls& all) { return all.spent_since(kDay); }) == 160'000);
}

TEST_CASE("statistics count what says something about the provider") {
  Calls calls;
  for (int i = 1; i <= 20; ++i) {
    const std::int64_t id = calls.begin(call_of("job", i));
    calls.use([&](ProviderCalls& all) {
      all.succeed(id, {}, 80'000, kDay + 1 + 100 * i);
      return 0;
    });
  }
  const auto end = [&](CallState state, Error error) {
    const std::int64_t id = calls.begin(call_of("bad"));
    calls.use([&](ProviderCalls& all) {
      all.end(id, state, error, 0, kDay + 7);
      return 0;
    });
  };
  end(CallState::failed, {"provider_failed", "m", "", 502});
  end(CallState::failed, {"moderation_blocked", "the request's fault", "", 400});
  end(CallState::cancelled, {"cancelled", "by the client", "", 499});
  calls.begin(call_of("other", 0, "bfl"));
  const CallStatistics statistics = calls.use([](ProviderCalls& all) { return all.statistics("fal"); });
  CHECK(statistics.succeeded == 20);
  CHECK(statistics.failed == 1);
  CHECK(statistics.p50_ms == 1'000);
  CHECK(statistics.p95_ms == 1'900);
  CHECK_FALSE(calls.use([](ProviderCalls& all) { return all.statistics("bfl"); }).p50_ms.has_value());
}

TEST_CASE("health is remembered across restarts") {
  Calls calls;
  calls.use([](ProviderCalls& all) {
    all.set_health({"fal", 2, 500, "down", 400});
    all.set_health({"fal", 3, 900, "still down", 800});
    return 0;
  });
  calls.data.reopen();
  const auto health = calls.use([](ProviderCalls& all) { return all.health(); });
  REQUIRE(health.size() == 1);
  CHECK(health[0].failures == 3);
  CHECK(health[0].closed_until_ms == 900);
  CHECK(health[0].last_error == "still down");
}
