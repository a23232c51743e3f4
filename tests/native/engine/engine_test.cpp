#include "native/engine/engine.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "shared/pipeline/kontext_pipeline.h"
#include "tests/native/checkpoint/temporary_folder.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

namespace fs = std::filesystem;

/// Sets a variable of the environment for a while.
class EnvironmentScope {
 public:
  EnvironmentScope(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  EnvironmentScope(const EnvironmentScope&) = delete;
  EnvironmentScope& operator=(const EnvironmentScope&) = delete;
  ~EnvironmentScope() { ::unsetenv(name_); }

 private:
  const char* name_;
};

EngineOptions portable(const std::string& model = "") {
  EngineOptions options;
  options.model = model;
  options.backend = {"portable", "f32", 1};
  return options;
}

/// A copy of the built-in checkpoint that a test may damage.
std::string copy_of_nano(const TemporaryFolder& folder) {
  fs::copy(PALIMPSEST_SOURCE_DIR "/models/nano", folder.path("nano"), fs::copy_options::recursive);
  return folder.path("nano");
}

Error refusal(const EngineOptions& options) {
  try {
    Engine engine(options);
  } catch (const PalimpsestError& problem) {
    return problem.error();
  }
  return {"none", "", "", 0};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("without a model the built-in checkpoint is loaded, with progress up to the end") {
  std::uint64_t last_done = 0, last_total = 1;
  bool falls = false;
  Engine engine(portable(), [&](std::uint64_t done, std::uint64_t total) {
    falls = falls || done < last_done;
    last_done = done;
    last_total = total;
  });
  CHECK(engine.model_name() == "kontext-nano");
  CHECK(engine.backend().name() == "portable");
  CHECK(engine.thread_count() == 1);
  CHECK(engine.pipeline().settings().steps == 20);
  CHECK(last_done == last_total);
  CHECK_FALSE(falls);
}

TEST_CASE("the built-in checkpoint can be named by the environment, and a wrong name is told") {
  const TemporaryFolder folder;
  {
    const EnvironmentScope scope("PALIMPSEST_BUILTIN_MODEL", folder.path());
    CHECK(builtin_model_folder() == folder.path());
  }
  const EnvironmentScope scope("PALIMPSEST_BUILTIN_MODEL", "/no/such/folder");
  const Error error = refusal(portable());
  CHECK(error.code == "MODEL_NOT_FOUND");
  CHECK(contains(error.message, "/no/such/folder"));
}

TEST_CASE("a model folder that does not exist is refused by name") {
  const Error error = refusal(portable("/no/such/model"));
  CHECK(error.code == "MODEL_NOT_FOUND");
  CHECK(contains(error.message, "/no/such/model"));
}

TEST_CASE("single files without the rest are refused; the built-in checkpoint does not step in") {
  EngineOptions options = portable();
  options.vae = PALIMPSEST_SOURCE_DIR "/models/nano/vae/diffusion_pytorch_model.safetensors";
  CHECK(refusal(options).code == "MODEL_NOT_FOUND");
}

TEST_CASE("an unknown backend or dtype is refused with those there are") {
  EngineOptions options = portable();
  options.backend.backend = "tpu";
  CHECK(contains(refusal(options).message, "portable"));
  options = portable();
  options.backend.dtype = "f64";
  CHECK(contains(refusal(options).message, "bf16"));
}

TEST_CASE("a checkpoint whose networks do not fit each other is refused with both numbers") {
  const TemporaryFolder folder;
  const std::string nano = copy_of_nano(folder);
  SUBCASE("the network in the wrong folder") {
    fs::copy(nano + "/text_encoder/model.safetensors", nano + "/text_encoder_2/model.safetensors",
             fs::copy_options::overwrite_existing);
    CHECK(refusal(portable(nano)).code.substr(0, 6) == "MODEL_");
  }
  SUBCASE("a tokenizer with more tokens than the encoder has") {
    for (const char* name : {"vocab.json", "merges.txt"}) fs::remove(nano + "/tokenizer/" + name);
    std::string vocab = R"({"<|startoftext|>": 0, "<|endoftext|>": 1)";
    for (int i = 2; i < 1100; ++i) vocab += ", \"t" + std::to_string(i) + "\": " + std::to_string(i);
    folder.write("nano/tokenizer/vocab.json", vocab + "}");
    folder.write("nano/tokenizer/merges.txt", "#version: 0.2\n");
    const Error error = refusal(portable(nano));
    CHECK(error.code == "MODEL_ARCH_MISMATCH");
    CHECK(contains(error.message, "1100 ids"));
    CHECK(contains(error.message, "1001 rows"));
  }
  SUBCASE("settings out of range") {
    folder.write("nano/palimpsest.json", R"({"default_steps": -3})");
    const Error error = refusal(portable(nano));
    CHECK(error.code == "CONFIG_INVALID");
    CHECK(contains(error.message, "default_steps"));
  }
}

TEST_CASE("a stop ends loading") {
  StopToken stop;
  stop.request_stop();
  try {
    Engine engine(portable(), {}, stop);
    FAIL_CHECK("loaded in spite of the stop");
  } catch (const PalimpsestError& problem) {
    CHECK(problem.error().code == codes::kCancelled);
  }
}

TEST_CASE("a small request fits into memory") {
  const Engine engine(portable());
  ImageRequest request;
  request.prompt = "a red house";
  CHECK_NOTHROW(engine.check_memory_for(request));
}
