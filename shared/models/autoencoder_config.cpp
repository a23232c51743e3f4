#include "shared/models/autoencoder_config.h"

#include <string>

#include "shared/base/error.h"
#include "shared/models/autoencoder_names.h"
#include "shared/models/config_reader.h"

namespace palimpsest {
namespace {

constexpr std::int64_t kMaxChannels = 16384;
constexpr std::size_t kMaxLevels = 6;

std::vector<std::int64_t> reference_channels(const ConfigReader& reader) {
  const std::int64_t ch = reader.integer("ch", 1, kMaxChannels);
  std::vector<std::int64_t> channels = reader.integers("ch_mult", 1, 64, kMaxLevels);
  for (std::int64_t& count : channels) count *= ch;
  return channels;
}

void expect_diffusers_layout(const ConfigReader& reader) {
  reader.expect_text("_class_name", {"AutoencoderKL"});
  reader.expect_text("act_fn", {"silu"});
  reader.expect_flag("use_quant_conv", false);
  reader.expect_flag("use_post_quant_conv", false);
  reader.expect_flag("mid_block_add_attention", true);
}

AutoEncoderConfig from_diffusers_names(const ConfigReader& reader) {
  expect_diffusers_layout(reader);
  AutoEncoderConfig config;
  config.channels = reader.integers("block_out_channels", 1, kMaxChannels, kMaxLevels);
  config.num_res_blocks = reader.integer("layers_per_block", 1, 16);
  config.z_channels = reader.integer("latent_channels", 1, 1024);
  config.in_channels = reader.integer_or("in_channels", 3, 3, 3);
  config.out_channels = reader.integer_or("out_channels", 3, 3, 3);
  config.norm_num_groups = reader.integer_or("norm_num_groups", 32, 1, kMaxChannels);
  config.scale_factor = reader.number_or("scaling_factor", config.scale_factor, 1e-3, 1e3);
  config.shift_factor = reader.number_or("shift_factor", 0.0, -1e3, 1e3);
  return config;
}

AutoEncoderConfig from_reference_names(const ConfigReader& reader) {
  AutoEncoderConfig config;
  config.channels = reference_channels(reader);
  config.num_res_blocks = reader.integer("num_res_blocks", 1, 16);
  config.z_channels = reader.integer("z_channels", 1, 1024);
  config.in_channels = reader.integer_or("in_channels", 3, 3, 3);
  config.out_channels = reader.integer_or("out_ch", 3, 3, 3);
  config.scale_factor = reader.number_or("scale_factor", config.scale_factor, 1e-3, 1e3);
  config.shift_factor = reader.number_or("shift_factor", config.shift_factor, -1e3, 1e3);
  return config;
}

std::int64_t rows_or_zero(const TensorSource& source, const NameMap& names, const std::string& name) {
  const HostView* view = source.find(names(name)[0].name);
  return view == nullptr || view->shape.rank() == 0 ? 0 : view->shape[0];
}

std::string encoder_conv(std::size_t level, std::int64_t block) {
  return "encoder.down." + std::to_string(level) + ".block." + std::to_string(block) + ".conv1.weight";
}

}  // namespace

AutoEncoderConfig autoencoder_config_from_json(const Json& json) {
  const ConfigReader reader(json, "AutoEncoder");
  const bool is_reference = reader.has("ch");
  AutoEncoderConfig config = is_reference ? from_reference_names(reader) : from_diffusers_names(reader);
  for (const std::int64_t count : config.channels) {
    if (count % config.norm_num_groups == 0) continue;
    reader.refuse(is_reference ? "ch" : "block_out_channels",
                  "gives " + std::to_string(count) + " channels, which do not split into " +
                      std::to_string(config.norm_num_groups) + " groups (norm_num_groups)");
  }
  return config;
}

AutoEncoderConfig autoencoder_config_from_tensors(const TensorSource& source) {
  const NameMap names = autoencoder_name_map(source, 1);  // only the encoder is looked at: the levels do not matter
  AutoEncoderConfig config;
  config.channels.clear();
  while (config.channels.size() < kMaxLevels) {
    const std::int64_t count = rows_or_zero(source, names, encoder_conv(config.channels.size(), 0));
    if (count == 0) break;
    config.channels.push_back(count);
  }
  config.num_res_blocks = 0;
  while (config.num_res_blocks < 16 && rows_or_zero(source, names, encoder_conv(0, config.num_res_blocks)) > 0) {
    ++config.num_res_blocks;
  }
  config.z_channels = rows_or_zero(source, names, "encoder.conv_out.weight") / 2;
  for (const std::int64_t count : config.channels) {
    if (count > kMaxChannels || count % config.norm_num_groups != 0) {
      fail("CONFIG_INVALID", "[AutoEncoder] the " + std::to_string(count) + " channels of " + source.description() +
                                 " do not split into " + std::to_string(config.norm_num_groups) +
                                 " groups (norm_num_groups): it needs its config.json");
    }
  }
  if (config.z_channels < 1 || config.z_channels > 1024) {
    fail("MODEL_ARCH_MISMATCH", source.description() + ": encoder.conv_out.weight is missing or has no usable shape");
  }
  return config;
}

}  // namespace palimpsest
