#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "native/backends/registry.h"
#include "native/cli/command.h"
#include "native/cli/engine_options.h"
#include "native/cli/exit_codes.h"
#include "native/verify/golden_folder.h"
#include "shared/base/json.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

struct VerifyOptions {
  std::string folder;
  BackendOptions backend;
  bool all = false, json = false;
};

constexpr std::size_t kNameBytes = 44;

std::string number(double value) {
  return value == 0 || value >= 1 ? fmt::format("{:.4g}", value) : fmt::format("{:.1e}", value);
}

void print_row(const std::string& name, const std::string& measure, const std::string& error, const std::string& limit,
               const char* verdict) {
  fmt::print("  {:<{}}  {:<30}  {:>9}  {:>9}  {}\n", name, kNameBytes, measure, error, limit, verdict);
}

void print_result(const CheckResult& result) {
  print_row(printable(result.case_name, kNameBytes), result.measure, number(result.error), number(result.tolerance),
            result.passed ? "pass" : "FAIL");
}

/// The result of a measure that comes nearest to its tolerance, or beyond it most.
const CheckResult& worst_of(const std::vector<CheckResult>& results) {
  const auto strain = [](const CheckResult& result) {
    return result.tolerance > 0 ? result.error / result.tolerance : result.error;
  };
  return *std::max_element(results.begin(), results.end(), [&](const CheckResult& a, const CheckResult& b) {
    return a.passed == b.passed ? strain(a) < strain(b) : a.passed;
  });
}

void print_checked(const GoldenReport& report, bool all) {
  const auto failed = std::count_if(report.results.begin(), report.results.end(),
                                    [](const CheckResult& result) { return !result.passed; });
  fmt::print("{}: {} of {} pass\n", report.file, report.results.size() - static_cast<std::size_t>(failed),
             report.results.size());
  for (const CheckResult& result : report.results) {
    if (all || !result.passed) print_result(result);
  }
  if (!all && failed == 0) print_result(worst_of(report.results));
}

void print_report(const GoldenReport& report, bool all) {
  switch (report.status) {
    case GoldenReport::Status::checked:
      print_checked(report, all);
      break;
    case GoldenReport::Status::failed:
      fmt::print("{}: FAIL: {}\n", report.file, report.note);
      break;
    case GoldenReport::Status::not_supported:
      fmt::print("{}: not supported yet ({})\n", report.file, report.note);
      break;
    case GoldenReport::Status::unknown:
      fmt::print("{}: unknown kind of file\n", report.file);
      break;
  }
}

std::string_view name_of(GoldenReport::Status status) {
  switch (status) {
    case GoldenReport::Status::checked:
      return "checked";
    case GoldenReport::Status::failed:
      return "failed";
    case GoldenReport::Status::not_supported:
      return "not_supported_yet";
    case GoldenReport::Status::unknown:
      break;
  }
  return "unknown";
}

Json to_json(const GoldenReport& report) {
  Json::Array results;
  for (const CheckResult& result : report.results) {
    results.push_back(Json()
                          .set("case", result.case_name)
                          .set("measure", result.measure)
                          .set("error", result.error)
                          .set("tolerance", result.tolerance)
                          .set("passed", result.passed));
  }
  return Json()
      .set("file", report.file)
      .set("status", std::string(name_of(report.status)))
      .set("note", report.note)
      .set("results", std::move(results));
}

struct Totals {
  std::size_t files = 0, passed = 0, failed = 0, not_supported = 0, unknown = 0;
};

Totals totals_of(const std::vector<GoldenReport>& reports) {
  Totals totals;
  for (const GoldenReport& report : reports) {
    totals.files += report.status == GoldenReport::Status::checked ? 1 : 0;
    totals.failed += report.status == GoldenReport::Status::failed ? 1 : 0;
    totals.not_supported += report.status == GoldenReport::Status::not_supported ? 1 : 0;
    totals.unknown += report.status == GoldenReport::Status::unknown ? 1 : 0;
    for (const CheckResult& result : report.results) ++(result.passed ? totals.passed : totals.failed);
  }
  return totals;
}

void print_table(const std::vector<GoldenReport>& reports, const OwnedBackend& backend, bool all) {
  fmt::print("backend {}, {}, {} threads\n\n", backend->name(), name_of(backend->compute_dtype()),
             backend.thread_count());
  print_row("case", all ? "measure" : "measure (nearest to its limit)", "error", "limit", "");
  for (const GoldenReport& report : reports) print_report(report, all);
  const Totals totals = totals_of(reports);
  fmt::print("\n{} checks in {} files pass, {} fail; {} files not supported yet, {} unknown\n", totals.passed,
             totals.files, totals.failed, totals.not_supported, totals.unknown);
}

int run_verify(const VerifyOptions& options) {
  const OwnedBackend backend = make_backend(options.backend.backend, options.backend.dtype, options.backend.threads);
  const std::vector<GoldenReport> reports = verify_folder(options.folder, *backend);
  const Totals totals = totals_of(reports);
  if (options.json) {
    Json::Array entries;
    for (const GoldenReport& report : reports) entries.push_back(to_json(report));
    fmt::print("{}\n", Json(std::move(entries)).dump());
  } else {
    print_table(reports, backend, options.all);
  }
  if (totals.passed + totals.failed == 0) fail("file_not_found", options.folder + " holds no golden case");
  return totals.failed == 0 ? kExitOk : kExitCheckFailed;
}

}  // namespace

void add_verify_command(CLI::App& app, CommandAction& action) {
  CLI::App* command =
      app.add_subcommand("verify", "Holds this build, on this machine, to results of the reference implementation");
  const auto options = std::make_shared<VerifyOptions>();
  command->add_option("folder", options->folder, "Folder of golden files, such as tests/golden")->required();
  command->add_flag("--all", options->all, "Print every check, not just each file's nearest to its limit");
  command->add_flag("--json", options->json, "Print JSON: one object for each file");
  add_backend_options(*command, options->backend);
  command->footer(
      examples_footer("  palimpsest verify tests/golden\n"
                      "  palimpsest verify tests/golden --backend portable --dtype f32 --all"));
  command->callback([options, &action] { action = [options] { return run_verify(*options); }; });
}

}  // namespace palimpsest
