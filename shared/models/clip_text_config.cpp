#include "shared/models/clip_text_config.h"

#include <string>

#include "shared/base/error.h"
#include "shared/models/config_reader.h"

namespace palimpsest {
namespace {

constexpr std::int64_t kPublishedHeadWidth = 64;
constexpr std::int64_t kMistakenEosTokenId = 2;

ClipTextConfig from_text_config(const Json& json) {
  const ConfigReader reader(json, "CLIP text encoder");
  reader.expect_text("hidden_act", {"quick_gelu"});
  ClipTextConfig config;
  config.hidden_size = reader.integer("hidden_size", 1, kMaxWidth);
  config.intermediate_size = reader.integer("intermediate_size", 1, 4 * kMaxWidth);
  config.num_hidden_layers = reader.integer("num_hidden_layers", 1, kMaxDepth);
  config.num_attention_heads = reader.integer("num_attention_heads", 1, kMaxWidth);
  config.max_position_embeddings = reader.integer_or("max_position_embeddings", 77, 1, kMaxWidth);
  config.vocab_size = reader.integer("vocab_size", 1, kMaxVocabulary);
  config.layer_norm_eps = reader.number_or("layer_norm_eps", 1e-5, 0, 1);
  const std::int64_t last_id = config.vocab_size - 1;
  config.eos_token_id = reader.integer_or("eos_token_id", last_id, 0, last_id);
  if (config.eos_token_id == kMistakenEosTokenId) config.eos_token_id = last_id;
  if (config.hidden_size % config.num_attention_heads != 0) {
    reader.refuse("hidden_size", std::to_string(config.hidden_size) + " does not split into " +
                                     std::to_string(config.num_attention_heads) + " heads (num_attention_heads)");
  }
  return config;
}

std::int64_t dim(const TensorSource& source, const std::string& name, int axis) {
  const HostView* view = source.find(name);
  if (view == nullptr || view->shape.rank() != 2 || view->shape[axis] < 1 || view->shape[axis] > kMaxVocabulary) {
    fail("MODEL_ARCH_MISMATCH",
         source.description() + " is no CLIP text encoder: " + name + " is missing or no matrix");
  }
  return view->shape[axis];
}

}  // namespace

ClipTextConfig clip_text_config_from_json(const Json& json) {
  const Json* text_config = json.find("text_config");
  return from_text_config(text_config == nullptr ? json : *text_config);
}

ClipTextConfig clip_text_config_from_tensors(const TensorSource& source) {
  const std::string embeddings = "text_model.embeddings.", layers = "text_model.encoder.layers.";
  ClipTextConfig config;
  config.vocab_size = dim(source, embeddings + "token_embedding.weight", 0);
  config.hidden_size = dim(source, embeddings + "token_embedding.weight", 1);
  config.max_position_embeddings = dim(source, embeddings + "position_embedding.weight", 0);
  config.intermediate_size = dim(source, layers + "0.mlp.fc1.weight", 0);
  config.eos_token_id = config.vocab_size - 1;
  config.num_hidden_layers = 0;
  while (config.num_hidden_layers < kMaxDepth &&
         source.find(layers + std::to_string(config.num_hidden_layers) + ".layer_norm1.weight") != nullptr) {
    ++config.num_hidden_layers;
  }
  config.num_attention_heads = config.hidden_size / kPublishedHeadWidth;
  if (config.hidden_size % kPublishedHeadWidth != 0) {
    fail("CONFIG_INVALID", "[CLIP text encoder] num_attention_heads is not known for a hidden_size of " +
                               std::to_string(config.hidden_size) + ": " + source.description() +
                               " needs its config.json");
  }
  return config;
}

}  // namespace palimpsest
