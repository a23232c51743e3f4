#include "native/checkpoint/model_folder.h"

#include <doctest/doctest.h>

#include "native/checkpoint/weight_files.h"
#include "tests/native/checkpoint/refusal.h"
#include "tests/native/checkpoint/synthetic_checkpoint.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace fs = std::filesystem;

TEST_CASE("S44 a link inside of the model's folder is followed, one that leads out is refused") {
  const TemporaryFolder folder;
  folder.write("model/a", "inside");
  folder.write("secret", "outside");
  fs::create_symlink("a", folder.path("model/good"));
  fs::create_symlink("../secret", folder.path("model/relative"));
  fs::create_symlink("/etc/passwd", folder.path("model/absolute"));
  fs::create_symlink("nothing", folder.path("model/dangling"));
  fs::create_directory_symlink("..", folder.path("model/up"));
  const ModelFolder model(folder.path("model"));
  CHECK(RegularFile(model.file("good")).read(100) == "inside");
  for (const char* name : {"relative", "absolute", "up/secret", "../secret"})
    check_refused("MODEL_PATH_REFUSED", "leads out of", [&] { model.file(name); });
  check_refused("MODEL_NOT_FOUND", "a link to a file that is not there", [&] { model.file("dangling"); });
  check_refused("MODEL_NOT_FOUND", "no such file", [&] { model.file("none"); });
}

TEST_CASE("a folder whose name continues that of the model's is outside") {
  const TemporaryFolder folder;
  folder.write("model/a", "x");
  folder.write("model-evil/b", "x");
  fs::create_symlink("../model-evil/b", folder.path("model/b"));
  const ModelFolder model(folder.path("model"));
  check_refused("MODEL_PATH_REFUSED", "leads out of", [&] { model.file("b"); });
}

TEST_CASE("the folder itself may be reached through a link") {
  const TemporaryFolder folder;
  folder.write("model/a", "x");
  fs::create_directory_symlink("model", folder.path("current"));
  CHECK(RegularFile(ModelFolder(folder.path("current")).file("a")).read(9) == "x");
}

TEST_CASE("a snapshot in the Hugging Face cache may link to the blobs of its repository, not farther") {
  const TemporaryFolder folder;
  folder.write("models--org--flux/blobs/abc", "blob");
  folder.write("models--org--other/blobs/abc", "other");
  fs::create_directories(folder.path("models--org--flux/snapshots/1a2b"));
  fs::create_symlink("../../blobs/abc", folder.path("models--org--flux/snapshots/1a2b/a"));
  fs::create_symlink("../../../models--org--other/blobs/abc", folder.path("models--org--flux/snapshots/1a2b/b"));
  const ModelFolder model(folder.path("models--org--flux/snapshots/1a2b"));
  CHECK(model.name() == "flux");
  CHECK(RegularFile(model.file("a")).read(9) == "blob");
  check_refused("MODEL_PATH_REFUSED", "leads out of", [&] { model.file("b"); });
}

TEST_CASE("a folder that is none is refused") {
  const TemporaryFolder folder;
  check_refused("MODEL_NOT_FOUND", "no such folder", [&] { ModelFolder model(folder.path("none")); });
  check_refused("MODEL_PATH_REFUSED", "is not a folder", [&] { ModelFolder model(folder.write("a", "x")); });
}

TEST_CASE("a configuration that is not a JSON object is refused with its file and place") {
  const TemporaryFolder folder;
  folder.write("good.json", R"({"a":1})");
  folder.write("cut.json", R"({"a":)");
  folder.write("array.json", "[]");
  folder.write("large.json", "{}", (std::size_t{1} << 20) + 1);
  const ModelFolder model(folder.path());
  CHECK(model.read_json("good.json").find("a") != nullptr);
  check_refused("CONFIG_INVALID", "cut.json: ", [&] { model.read_json("cut.json"); });
  check_refused("CONFIG_INVALID", "array.json: is not a JSON object", [&] { model.read_json("array.json"); });
  check_refused("MODEL_LIMIT", "large.json", [&] { model.read_json("large.json"); });
}

TEST_CASE("of several sets of weights the one without a variant is chosen, then bf16, then fp16, then the only one") {
  const TemporaryFolder folder;
  const std::string empty = safetensors_file("{}");
  const ModelFolder model(folder.path());
  folder.write("odd.safetensors", empty);
  CHECK(choose_weight_set(model, "").name == "odd.safetensors");
  folder.write("other.safetensors", empty);
  check_refused("MODEL_AMBIGUOUS", "\"odd.safetensors\", \"other.safetensors\"", [&] { choose_weight_set(model, ""); });
  folder.write("model.fp16.safetensors", empty);
  CHECK(choose_weight_set(model, "").name == "model.fp16.safetensors");
  folder.write("model.safetensors.index.bf16.json", R"({"weight_map":{"a":"s1.safetensors"}})");
  CHECK(choose_weight_set(model, "").name == "model.safetensors.index.bf16.json");
  folder.write("model.safetensors", empty);
  CHECK(choose_weight_set(model, "").name == "model.safetensors");
}

TEST_CASE("a folder without safetensors files is told apart by what it has instead") {
  const TemporaryFolder folder;
  folder.write("pickles/pytorch_model.bin", "x");
  folder.write("gguf/flux-Q4_0.gguf", "x");
  folder.write("empty/readme.txt", "x");
  const ModelFolder model(folder.path());
  check_refused("MODEL_PICKLE_REFUSED", "Python pickles only", [&] { choose_weight_set(model, "pickles"); });
  check_refused("MODEL_FORMAT_UNSUPPORTED", "not supported yet", [&] { choose_weight_set(model, "gguf"); });
  check_refused("MODEL_NOT_FOUND", "\"readme.txt\" found", [&] { choose_weight_set(model, "empty"); });
  check_refused("MODEL_NOT_FOUND", "nothing found", [&] { choose_weight_set(model, "none"); });
}

TEST_CASE("S45-S50 an index and its shards must agree") {
  const TemporaryFolder folder;
  const auto open = [&](const std::string& index) {
    folder.write("model.safetensors.index.json", index);
    const ModelFolder model(folder.path());
    open_weight_set(model, "", choose_weight_set(model, ""));
  };
  write_sparse_weights(folder, "one.safetensors", {{"a", Json::Array{1}}, {"b", Json::Array{1}}});
  write_sparse_weights(folder, "two.safetensors", {{"b", Json::Array{1}}});
  for (const char* name : {"/etc/passwd", "../outside.safetensors", "one\\\\two.safetensors", "one\\u0000.safetensors"})
    check_refused("MODEL_PATH_REFUSED", "not a plain file name",
                  [&] { open("{\"weight_map\":{\"a\":\"" + std::string(name) + "\"}}"); });
  check_refused("MODEL_SHARD_MISMATCH", "\"three.safetensors\" is missing",
                [&] { open(R"({"weight_map":{"a":"one.safetensors","c":"three.safetensors"}})"); });
  check_refused("MODEL_SHARD_MISMATCH", "is both in",
                [&] { open(R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})"); });
  check_refused("MODEL_SHARD_MISMATCH", "does not have it", [&] { open(R"({"weight_map":{"c":"one.safetensors"}})"); });
  folder.write("model.safetensors.index.json", "{}", (std::size_t{16} << 20) + 1);
  check_refused("MODEL_LIMIT", "at most 16777216", [&] { choose_weight_set(ModelFolder(folder.path()), ""); });
}

TEST_CASE("S44 a shard that is a link out of the folder is refused") {
  const TemporaryFolder folder;
  folder.write("outside.safetensors", safetensors_file("{}"));
  folder.write("model/model.safetensors.index.json", R"({"weight_map":{"a":"s.safetensors"}})");
  fs::create_symlink("../outside.safetensors", folder.path("model/s.safetensors"));
  const ModelFolder model(folder.path("model"));
  check_refused("MODEL_PATH_REFUSED", "leads out of",
                [&] { open_weight_set(model, "", choose_weight_set(model, "")); });
}
