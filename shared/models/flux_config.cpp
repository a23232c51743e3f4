#include "shared/models/flux_config.h"

#include <numeric>
#include <string>

#include "shared/base/error.h"
#include "shared/models/config_reader.h"
#include "shared/models/flux_names.h"

namespace palimpsest {
namespace {

constexpr const char* kWhat = "FLUX transformer";

FluxConfig from_reference_names(const ConfigReader& reader) {
  FluxConfig config;
  config.in_channels = reader.integer("in_channels", 1, kMaxWidth);
  config.out_channels = reader.integer_or("out_channels", config.in_channels, 1, kMaxWidth);
  config.vec_in_dim = reader.integer("vec_in_dim", 1, kMaxWidth);
  config.context_in_dim = reader.integer("context_in_dim", 1, kMaxWidth);
  config.hidden_size = reader.integer("hidden_size", 1, kMaxWidth);
  config.mlp_ratio = reader.number_or("mlp_ratio", 4.0, 0.125, 64);
  config.num_heads = reader.integer("num_heads", 1, kMaxWidth);
  config.depth = reader.integer("depth", 1, kMaxDepth);
  config.depth_single_blocks = reader.integer("depth_single_blocks", 1, kMaxDepth);
  config.axes_dim = reader.integers("axes_dim", 2, kMaxWidth, 3);
  config.theta = reader.number_or("theta", 10000, 1, 1e9);
  config.qkv_bias = reader.flag_or("qkv_bias", true);
  config.guidance_embed = reader.flag_or("guidance_embed", false);
  if (config.hidden_size % config.num_heads != 0) {
    reader.refuse("hidden_size", std::to_string(config.hidden_size) + " does not split into " +
                                     std::to_string(config.num_heads) + " heads (num_heads)");
  }
  return config;
}

FluxConfig from_diffusers_names(const ConfigReader& reader) {
  reader.expect_text("_class_name", {"FluxTransformer2DModel"});
  reader.integer_or("patch_size", 1, 1, 1);
  FluxConfig config;
  config.in_channels = reader.integer("in_channels", 1, kMaxWidth);
  config.out_channels = reader.integer_or("out_channels", config.in_channels, 1, kMaxWidth);
  config.vec_in_dim = reader.integer("pooled_projection_dim", 1, kMaxWidth);
  config.context_in_dim = reader.integer("joint_attention_dim", 1, kMaxWidth);
  config.num_heads = reader.integer("num_attention_heads", 1, kMaxWidth);
  config.hidden_size = config.num_heads * reader.integer("attention_head_dim", 1, kMaxWidth);
  if (config.hidden_size > kMaxWidth) {
    reader.refuse("num_attention_heads", "times attention_head_dim must be at most " + std::to_string(kMaxWidth));
  }
  config.depth = reader.integer("num_layers", 1, kMaxDepth);
  config.depth_single_blocks = reader.integer("num_single_layers", 1, kMaxDepth);
  config.guidance_embed = reader.flag_or("guidance_embeds", false);
  if (reader.has("axes_dims_rope")) config.axes_dim = reader.integers("axes_dims_rope", 2, kMaxWidth, 3);
  return config;
}

void check_axes(const FluxConfig& config, const ConfigReader& reader, std::string_view name) {
  if (config.axes_dim.size() != 3) reader.refuse(name, "must have three members");
  for (const std::int64_t dim : config.axes_dim) {
    if (dim % 2 != 0) reader.refuse(name, "must hold even numbers");
  }
  const std::int64_t sum = std::accumulate(config.axes_dim.begin(), config.axes_dim.end(), std::int64_t{0});
  if (sum != config.head_dim()) {
    reader.refuse(name, "must add up to the head width " + std::to_string(config.head_dim()));
  }
}

/// Shapes of a checkpoint by the reference's names.
class ShapeReader {
 public:
  explicit ShapeReader(const TensorSource& source) : source_(source), names_(flux_name_map(source)) {}

  bool has(const std::string& name) const { return source_.find(names_(name)[0].name) != nullptr; }

  std::int64_t dim(const std::string& name, int axis) const {
    const std::string stored = names_(name)[0].name;
    const HostView* view = source_.find(stored);
    if (view == nullptr || view->shape.rank() <= axis || view->shape[axis] < 1 || view->shape[axis] > 4 * kMaxWidth) {
      fail("MODEL_ARCH_MISMATCH", source_.description() + ": " + stored + " is missing or has no usable shape");
    }
    return view->shape[axis];
  }

  std::int64_t count_blocks(const std::string& prefix, const std::string& layer) const {
    std::int64_t count = 0;
    while (count < kMaxDepth && has(prefix + std::to_string(count) + layer)) ++count;
    if (count == 0)
      fail("MODEL_ARCH_MISMATCH", source_.description() + " has no " + prefix.substr(0, prefix.size() - 1));
    return count;
  }

 private:
  const TensorSource& source_;
  NameMap names_;
};

}  // namespace

FluxConfig flux_config_from_json(const Json& json) {
  const ConfigReader reader(json, kWhat);
  const bool is_reference = reader.has("hidden_size");
  FluxConfig config = is_reference ? from_reference_names(reader) : from_diffusers_names(reader);
  check_axes(config, reader, is_reference ? "axes_dim" : "axes_dims_rope");
  return config;
}

FluxConfig flux_config_from_tensors(const TensorSource& source) {
  const ShapeReader shapes(source);
  FluxConfig config;
  config.hidden_size = shapes.dim("img_in.weight", 0);
  config.in_channels = shapes.dim("img_in.weight", 1);
  config.context_in_dim = shapes.dim("txt_in.weight", 1);
  config.vec_in_dim = shapes.dim("vector_in.in_layer.weight", 1);
  config.out_channels = shapes.dim("final_layer.linear.weight", 0);
  config.guidance_embed = shapes.has("guidance_in.in_layer.weight");
  config.qkv_bias = shapes.has("double_blocks.0.img_attn.qkv.bias");
  config.depth = shapes.count_blocks("double_blocks.", ".img_mod.lin.weight");
  config.depth_single_blocks = shapes.count_blocks("single_blocks.", ".modulation.lin.weight");
  config.mlp_ratio =
      static_cast<double>(shapes.dim("double_blocks.0.img_mlp.0.weight", 0)) / static_cast<double>(config.hidden_size);
  const std::int64_t head_dim = shapes.dim("double_blocks.0.img_attn.norm.query_norm.scale", 0);
  if (config.hidden_size > kMaxWidth || config.hidden_size % head_dim != 0 || head_dim != 128) {
    fail("CONFIG_INVALID", "[" + std::string(kWhat) + "] axes_dim is known for heads of 128 only, and " +
                               source.description() + " has heads of " + std::to_string(head_dim) + " in " +
                               std::to_string(config.hidden_size) + ": it needs its config.json");
  }
  config.num_heads = config.hidden_size / head_dim;
  return config;
}

}  // namespace palimpsest
