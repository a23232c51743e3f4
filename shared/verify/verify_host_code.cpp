#include "shared/verify/verify_host_code.h"

#include <algorithm>
#include <map>

#include "shared/api/size.h"
#include "shared/image/compare.h"
#include "shared/image/resize.h"
#include "shared/models/embeddings.h"
#include "shared/models/t5_encoder.h"
#include "shared/pipeline/latents.h"
#include "shared/pipeline/noise.h"
#include "shared/pipeline/schedule.h"
#include "shared/tokenizer/clip_bpe.h"
#include "shared/tokenizer/t5_unigram.h"
#include "shared/verify/golden_values.h"

namespace palimpsest {
namespace {

using Results = std::vector<CheckResult>;

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

ScheduleConfig unshifted() {
  ScheduleConfig config;
  config.use_dynamic_shifting = false;
  return config;
}

void check_times(const TensorSource& golden, const std::string& name, Results& results) {
  const std::vector<std::string> parts = name_parts(name);
  const bool shifted = parts[0] == "shift" && parts.size() == 3;
  if (!shifted && (parts[0] != "noshift" || parts.size() != 2)) return;
  const std::int64_t steps = number_in(parts.back()), tokens = shifted ? number_in(parts[1]) : 1;
  if (steps < 1 || steps > 10'000) fail("golden_invalid", name + ": steps must be 1 to 10000");
  compare(name, "times", sampling_times(shifted ? ScheduleConfig{} : unshifted(), static_cast<int>(steps), tokens),
          golden_floats(golden, name), {0, 2e-6}, results);
}

std::uint64_t seed_in(const std::string& text) {
  return static_cast<std::uint64_t>(number_in(text));
}

/// Names that are draws of one generator, one after the other: "f32seq.0".
void check_draw(const TensorSource& golden, const std::string& name,
                std::map<std::string, TorchCpuGenerator>& generators, Results& results) {
  const std::vector<std::string> parts = name_parts(name);
  if (parts.size() != 3) return;
  const bool is_sequence = parts[0] == "f32seq", is_bf16 = parts[0] == "bf16";
  if (!is_sequence && !is_bf16 && parts[0] != "f32") return;
  const std::string key = is_sequence ? parts[0] + parts[1] : name;
  TorchCpuGenerator& generator = generators.emplace(key, TorchCpuGenerator(seed_in(parts[1]))).first->second;
  const std::vector<float> want = golden_floats(golden, name);
  const std::vector<float> got = generator.normal(want.size(), is_bf16 ? DType::bf16 : DType::f32);
  // One bf16 step at 4, beyond which no value of so few draws lies.
  compare(name, "values", got, want, {0, is_bf16 ? 1.0 / 64 : 2e-6}, results);
}

template <typename T>
void check_equal(const std::string& name, const std::string& what, const std::vector<T>& got,
                 const std::vector<T>& want, Results& results) {
  std::size_t different = std::max(got.size(), want.size()) - std::min(got.size(), want.size());
  for (std::size_t i = 0; i < std::min(got.size(), want.size()); ++i) different += got[i] == want[i] ? 0 : 1;
  results.push_back({name, what + ", different", static_cast<double>(different), 0, different == 0});
}

std::vector<std::int64_t> sides(ImageSize size) {
  return {size.width, size.height};
}

SizePlan plan_of_edit(ImageSize size) {
  ImageRequest request;
  Image image;  // a plan looks at the size alone
  image.width = size.width;
  image.height = size.height;
  request.images.push_back(std::move(image));
  return plan_sizes(request, std::nullopt);
}

std::vector<std::int64_t> values_of(const TokenGrid& grid) {
  return {grid.rows, grid.columns, grid.index, grid.row_offset, grid.column_offset};
}

std::vector<std::int64_t> wide(const std::vector<std::int32_t>& ids) {
  return {ids.begin(), ids.end()};
}

std::string text_of(const Json& entry) {
  const Json& text = golden_member(entry, "text");
  if (!text.is_string()) fail("golden_invalid", "the golden file has a case whose text is no string");
  return *text.as_string();
}

std::vector<float> of_axis(const std::vector<float>& table, std::size_t part) {
  std::vector<float> values;
  for (std::size_t i = part; i < table.size(); i += 2) values.push_back(table[i]);
  return values;
}

}  // namespace

Results verify_schedule(const TensorSource& golden) {
  Results results;
  for (const std::string& name : golden.names()) {
    if (!starts_with(name, "mu.")) {
      check_times(golden, name, results);
      continue;
    }
    const double want = stored_values<double>(golden, name, DType::f64).at(0);
    const double error = std::abs(shift_mu({}, number_in(name.substr(3))) - want);
    results.push_back({name, "mu, largest", error, 2e-6, error <= 2e-6});
  }
  return results;
}

Results verify_noise(const TensorSource& golden) {
  Results results;
  std::map<std::string, TorchCpuGenerator> generators;
  for (const std::string& name : golden.names()) check_draw(golden, name, generators, results);
  return results;
}

Results verify_resize(const TensorSource& golden) {
  Results results;
  for (const std::string& name : golden.names()) {
    const std::vector<std::string> parts = name_parts(name);
    if (parts.size() != 2 || !starts_with(parts[1], "out")) continue;
    const Image want = golden_image(golden, name), in = golden_image(golden, parts[0] + ".in");
    const ResizeFilter filter = parts[1] == "out_bicubic" ? ResizeFilter::bicubic : ResizeFilter::lanczos;
    const Result<ImageDifference> difference = compare(resize(in, want.size(), filter), want);
    const double largest = difference ? difference->largest : 255;
    results.push_back({name, "levels, largest", largest, 1, largest <= 1});
  }
  return results;
}

Results verify_position_buckets(const TensorSource& golden) {
  Results results;
  const auto positions = stored_values<std::int32_t>(golden, "relative_position", DType::i32);
  for (const std::string& name : golden.names()) {
    const std::vector<std::string> parts = name_parts(name);
    if (parts.size() != 4 || parts[0] != "bucket" || parts[1] != "bidir") continue;
    const std::int64_t buckets = number_in(parts[2]), max_distance = number_in(parts[3]);
    if (buckets < 4 || max_distance <= buckets / 4) fail("golden_invalid", name + " cannot be a table of buckets");
    std::vector<std::int32_t> got;
    for (const std::int32_t position : positions)
      got.push_back(static_cast<std::int32_t>(t5_relative_position_bucket(position, buckets, max_distance)));
    check_equal(name, "buckets", got, stored_values<std::int32_t>(golden, name, DType::i32), results);
  }
  return results;
}

Results verify_embeddings(const TensorSource& golden) {
  Results results;
  compare("t", "sinusoids", timestep_embedding(golden_floats(golden, "t")), golden_floats(golden, "timestep_embedding"),
          {0, 1e-4}, results);
  compare("guidance", "sinusoids", timestep_embedding(golden_floats(golden, "guidance")),
          golden_floats(golden, "guidance_embedding"), {0, 1e-3}, results);
  static constexpr std::int64_t kAxes[] = {16, 56, 56};
  const std::vector<float> ids = golden_floats(golden, "ids");
  const std::vector<float> table = embed_nd(ids, kAxes, 10000);
  const float largest_id = ids.empty() ? 0 : *std::max_element(ids.begin(), ids.end());
  // The reference's angles are f32: their error grows with the id.
  const double tolerance = largest_id <= 8 ? 2e-6 : 3e-5;
  compare("rope", "cos", of_axis(table, 0), golden_floats(golden, "cos"), {0, tolerance}, results);
  compare("rope", "sin", of_axis(table, 1), golden_floats(golden, "sin"), {0, tolerance}, results);
  return results;
}

Results verify_kontext_sizes(const Json& golden) {
  Results results;
  for (const Json& one : golden_array(golden)) {
    const ImageSize input = golden_size(golden_member(one, "input"));
    const SizePlan plan = plan_of_edit(input);
    const std::string name = to_string(input);
    check_equal(name, "reference", sides(plan.references[0].to), sides(golden_size(golden_member(one, "reference"))),
                results);
    check_equal(name, "output", sides(plan.output), sides(golden_size(golden_member(one, "output"))), results);
  }
  return results;
}

Results verify_aspect_ratios(const Json& golden) {
  if (!golden.is_object()) fail("golden_invalid", "the golden file of ratios is no JSON object");
  Results results;
  for (const auto& [ratio, size] : *golden.as_object()) {
    const std::size_t colon = ratio.find(':');
    if (colon == std::string::npos) fail("golden_invalid", "the golden file has \"" + ratio + "\" for a ratio");
    const double width = std::strtod(ratio.c_str(), nullptr), height = std::strtod(ratio.c_str() + colon + 1, nullptr);
    if (!(width > 0) || !(height > 0)) fail("golden_invalid", "the golden file has \"" + ratio + "\" for a ratio");
    check_equal(ratio, "size", sides(size_of_ratio(width, height)), sides(golden_size(size)), results);
  }
  return results;
}

Results verify_reference_ids(const Json& golden) {
  Results results;
  for (std::size_t i = 0; i < golden_array(golden).size(); ++i) {
    const Json& one = golden_array(golden)[i];
    const Json& method = golden_member(one, "method");
    if (!method.is_string() || *method.as_string() != "offset") continue;
    std::vector<ImageSize> sizes;
    for (const Json& pair : golden_array(golden_member(one, "ref_latent_hw"))) {
      const ImageSize latent = golden_size(pair);  // height first
      sizes.push_back({latent.height * kPixelsPerLatent, latent.width * kPixelsPerLatent});
    }
    std::vector<std::int64_t> got, want;
    for (const TokenGrid& grid : reference_grids(sizes)) {
      for (const std::int64_t value : values_of(grid)) got.push_back(value);
    }
    const Json::Array& blocks = golden_array(golden_member(one, "blocks"));
    for (std::size_t block = 1; block < blocks.size(); ++block) {  // the first one is the noise
      for (const char* key : {"h", "w", "index", "h_offset", "w_offset"})
        want.push_back(golden_integer(golden_member(blocks[block], key)));
    }
    check_equal("case" + std::to_string(i), "positions", got, want, results);
  }
  return results;
}

Results verify_clip_tokenizer(std::string_view vocab_json, std::string_view merges_text, const Json& golden) {
  const ClipBpeTokenizer tokenizer = ClipBpeTokenizer::from_files(vocab_json, merges_text);
  Results results;
  for (const Json& entry : golden_array(golden_member(golden, "cases"))) {
    const std::string text = text_of(entry);
    check_equal(text, "ids", wide(tokenizer.encode(text)), golden_integers(golden_member(entry, "ids")), results);
    check_equal(text, "padded ids", wide(tokenizer.encode_padded(text)),
                golden_integers(golden_member(entry, "padded77")), results);
  }
  return results;
}

Results verify_t5_tokenizer(std::string_view spiece_model, const Json& golden) {
  const std::int64_t extra_ids = golden_integer(golden_member(golden, "extra_ids"));
  if (extra_ids < 0 || extra_ids > 10'000) fail("golden_invalid", "the golden file's extra_ids must be 0 to 10000");
  const auto tokenizer = T5UnigramTokenizer::from_spiece_model(spiece_model, static_cast<int>(extra_ids));
  Results results;
  for (const Json& entry : golden_array(golden_member(golden, "cases"))) {
    const std::string text = text_of(entry);
    check_equal(text, "ids", wide(tokenizer.encode_plain(text)), golden_integers(golden_member(entry, "spm_ids")),
                results);
    check_equal(text, "padded ids", wide(tokenizer.encode_padded(text, 64)),
                golden_integers(golden_member(entry, "hf_padded64")), results);
  }
  return results;
}

}  // namespace palimpsest
