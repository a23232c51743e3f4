#include "native/verify/golden_folder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "native/backends/registry.h"
#include "shared/base/error.h"
#include "tests/native/checkpoint/temporary_folder.h"
#include "tests/support/golden_file.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

namespace fs = std::filesystem;
using Status = GoldenReport::Status;

std::map<std::string, GoldenReport> reports_of(const std::string& folder, const char* backend = "portable",
                                               const char* dtype = "f32") {
  const OwnedBackend owned = make_backend(backend, dtype, 1);
  std::map<std::string, GoldenReport> reports;
  for (GoldenReport& report : verify_folder(folder, *owned)) reports.emplace(report.file, std::move(report));
  return reports;
}

void check_all_pass(const char* backend, const char* dtype) {
  CAPTURE(backend);
  CAPTURE(dtype);
  std::size_t checks = 0;
  for (const auto& [name, report] : reports_of(PALIMPSEST_TEST_DATA, backend, dtype)) {
    const std::string file = name, note = report.note;
    CAPTURE(file);
    CAPTURE(note);
    CHECK((report.status == Status::checked || report.status == Status::not_supported));
    for (const CheckResult& result : report.results) {
      CAPTURE(result.case_name);
      CAPTURE(result.measure);
      CAPTURE(result.error);
      CHECK(result.passed);
    }
    checks += report.results.size();
  }
  CHECK(checks > 400);
}

/// A folder with copies of some golden files.
void copy_golden(const TemporaryFolder& folder, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    fs::create_directories(fs::path(folder.path(name)).parent_path());
    fs::copy(fs::path(PALIMPSEST_TEST_DATA) / name, folder.path(name), fs::copy_options::recursive);
  }
}

/// Changes the last byte of a file, which belongs to its last tensor.
void damage_last_byte(const std::string& path) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(-1, std::ios::end);
  const auto last = static_cast<char>(file.get() ^ 0x40);  // the exponent of an f32 or bf16
  file.seekp(-1, std::ios::end);
  file.put(last);
}

}  // namespace

TEST_CASE("every golden case passes on every backend in f32 and bf16") {
  for (const AvailableBackend& backend : available_backends()) {
    check_all_pass(backend.name.data(), "f32");
    check_all_pass(backend.name.data(), "bf16");
  }
}

TEST_CASE("formats that are not run yet are named, with the format") {
  const auto reports = reports_of(PALIMPSEST_TEST_DATA);
  CHECK(reports.at("flux_mini_mixed.gguf").note == "GGUF weights");
  CHECK(reports.at("flux_mini_mixed_io.safetensors").note == "GGUF weights");
  CHECK(reports.at("flux_hd128_fp8_scaled_io.safetensors").note == "fp8 weights");
  CHECK(reports.at("lora_kohya.safetensors").note == "LoRA");
  for (const char* file : {"flux_mini_mixed.gguf", "lora_kohya.safetensors", "ggml_blocks.safetensors"})
    CHECK(reports.at(file).status == Status::not_supported);
}

TEST_CASE("weights that a case uses are not listed, and a network's folder is one entry") {
  const auto reports = reports_of(PALIMPSEST_TEST_DATA);
  CHECK(reports.count("flux_mini.safetensors") == 0);
  CHECK(reports.count("clip_tokenizer/vocab.json") == 0);
  CHECK(reports.at("diffusers_mini/transformer/config.json").passed());
}

TEST_CASE("weights that are not the reference's fail their cases") {
  const TemporaryFolder folder;
  copy_golden(folder, {"clip_tiny.safetensors", "clip_tiny_io.safetensors"});
  CHECK(reports_of(folder.path()).at("clip_tiny_io.safetensors").passed());
  damage_last_byte(folder.path("clip_tiny.safetensors"));
  const GoldenReport report = reports_of(folder.path()).at("clip_tiny_io.safetensors");
  CHECK(report.status == Status::checked);
  CHECK_FALSE(report.passed());
}

TEST_CASE("expected values that host code does not reach fail") {
  const TemporaryFolder folder;
  copy_golden(folder, {"schedule.safetensors", "pil_resize.safetensors"});
  for (const char* name : {"schedule.safetensors", "pil_resize.safetensors"}) {
    CAPTURE(name);
    CHECK(reports_of(folder.path()).at(name).passed());
    damage_last_byte(folder.path(name));
    CHECK_FALSE(reports_of(folder.path()).at(name).passed());
  }
}

TEST_CASE("what can't be read, lacks its weights or is unknown is reported, and the rest still runs") {
  const TemporaryFolder folder;
  copy_golden(folder, {"t5_buckets.safetensors", "t5_tiny_io.safetensors"});
  folder.write("damaged.safetensors", "not a model");
  folder.write("notes.txt", "hello");
  folder.write("kontext.json", "[{\"reference\": 3}]");
  const auto reports = reports_of(folder.path());
  CHECK(reports.at("t5_buckets.safetensors").passed());
  CHECK(reports.at("t5_tiny_io.safetensors").status == Status::failed);
  CHECK(reports.at("t5_tiny_io.safetensors").note.find("t5_tiny.safetensors") != std::string::npos);
  CHECK(reports.at("damaged.safetensors").status == Status::failed);
  CHECK(reports.at("kontext.json").status == Status::failed);
  CHECK(reports.at("notes.txt").status == Status::unknown);
}

TEST_CASE("a folder that is none is refused") {
  const OwnedBackend backend = make_backend("portable", "f32", 1);
  CHECK_THROWS_AS(verify_folder("/nowhere/at/all", *backend), PalimpsestError);
}
