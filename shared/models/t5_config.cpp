#include "shared/models/t5_config.h"

#include <string>

#include "shared/base/error.h"
#include "shared/models/config_reader.h"

namespace palimpsest {
namespace {

// "gated-gelu" means the tanh form, gelu_new.
void expect_gated_gelu(const ConfigReader& reader) {
  reader.expect_text("feed_forward_proj", {"gated-gelu"});
  reader.expect_text("dense_act_fn", {"gelu_new"});
  reader.expect_flag("is_gated_act", true);
}

void check_buckets(const T5Config& config) {
  const std::int64_t exact = config.relative_attention_num_buckets / 4;
  if (config.relative_attention_num_buckets % 4 != 0 || config.relative_attention_max_distance <= exact) {
    fail("CONFIG_INVALID",
         "[T5 encoder] relative_attention_num_buckets must be a multiple of 4, and relative_attention_max_distance "
         "above a quarter of it");
  }
}

std::int64_t dim(const TensorSource& source, const std::string& name, int axis) {
  const HostView* view = source.find(name);
  if (view == nullptr || view->shape.rank() != 2 || view->shape[axis] < 1 || view->shape[axis] > kMaxVocabulary) {
    fail("MODEL_ARCH_MISMATCH", source.description() + " is no T5 encoder: " + name + " is missing or no matrix");
  }
  return view->shape[axis];
}

}  // namespace

T5Config t5_config_from_json(const Json& json) {
  const ConfigReader reader(json, "T5 encoder");
  expect_gated_gelu(reader);
  T5Config config;
  config.d_model = reader.integer("d_model", 1, kMaxWidth);
  config.d_kv = reader.integer("d_kv", 1, kMaxWidth);
  config.d_ff = reader.integer("d_ff", 1, 4 * kMaxWidth);
  config.num_layers = reader.integer("num_layers", 1, kMaxDepth);
  config.num_heads = reader.integer("num_heads", 1, kMaxWidth);
  config.vocab_size = reader.integer("vocab_size", 1, kMaxVocabulary);
  config.relative_attention_num_buckets = reader.integer_or("relative_attention_num_buckets", 32, 4, 4096);
  config.relative_attention_max_distance = reader.integer_or("relative_attention_max_distance", 128, 2, 1 << 20);
  config.layer_norm_epsilon = reader.number_or("layer_norm_epsilon", 1e-6, 0, 1);
  if (config.num_heads * config.d_kv > 4 * kMaxWidth) {
    reader.refuse("num_heads", "times d_kv must be at most " + std::to_string(4 * kMaxWidth));
  }
  check_buckets(config);
  return config;
}

T5Config t5_config_from_tensors(const TensorSource& source) {
  const std::string attention = "encoder.block.0.layer.0.SelfAttention.";
  const std::string table = attention + "relative_attention_bias.weight";
  T5Config config;
  config.relative_attention_num_buckets = dim(source, table, 0);
  config.num_heads = dim(source, table, 1);
  config.d_model = dim(source, attention + "q.weight", 1);
  config.d_kv = dim(source, attention + "q.weight", 0) / config.num_heads;
  config.d_ff = dim(source, "encoder.block.0.layer.1.DenseReluDense.wi_0.weight", 0);
  const bool has_shared = source.find("shared.weight") != nullptr;
  config.vocab_size = dim(source, has_shared ? "shared.weight" : "encoder.embed_tokens.weight", 0);
  config.num_layers = 0;
  while (config.num_layers < kMaxDepth &&
         source.find("encoder.block." + std::to_string(config.num_layers) + ".layer.0.layer_norm.weight") != nullptr) {
    ++config.num_layers;
  }
  check_buckets(config);
  return config;
}

}  // namespace palimpsest
