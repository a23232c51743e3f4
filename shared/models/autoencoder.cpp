#include "shared/models/autoencoder.h"

#include <utility>

#include "shared/base/error.h"
#include "shared/models/autoencoder_names.h"

namespace palimpsest {
namespace {

constexpr std::int64_t kKernel = 3;

ConvOptions padded() {
  ConvOptions options;
  options.pad_left = options.pad_right = options.pad_top = options.pad_bottom = 1;
  return options;
}

std::string block_name(const std::string& level, std::int64_t block) {
  return level + ".block." + std::to_string(block);
}

Tensor compute_copy(Backend& backend, const Tensor& x) {
  Tensor result = backend.allocate(x.shape(), backend.compute_dtype());
  backend.copy(x, result);
  return result;
}

}  // namespace

Encoder::Encoder(const AutoEncoderConfig& config, WeightLoader& weights)
    : conv_in_(weights.conv("encoder.conv_in", config.in_channels, config.channels.front(), kKernel)),
      mid_(weights, "encoder.mid", config.channels.back(), config.norm_num_groups),
      norm_out_(weights, "encoder.norm_out", "encoder.conv_out", config.channels.back(), 2 * config.z_channels,
                config.norm_num_groups) {
  std::int64_t before = config.channels.front();
  for (std::size_t i = 0; i < config.channels.size(); ++i) {
    const std::string name = "encoder.down." + std::to_string(i);
    const std::int64_t channels = config.channels[i];
    Level& level = down_.emplace_back();
    for (std::int64_t block = 0; block < config.num_res_blocks; ++block) {
      level.blocks.emplace_back(weights, block_name(name, block), std::exchange(before, channels), channels,
                                config.norm_num_groups);
    }
    if (i + 1 < config.channels.size()) {
      level.downsample = weights.conv(name + ".downsample.conv", channels, channels, kKernel);
    }
  }
}

Tensor Encoder::forward(Backend& backend, const Tensor& x, const StopToken& stop) const {
  Tensor h = backend.conv2d(x, *conv_in_, padded(), nullptr);
  for (const Level& level : down_) {
    for (const ResnetBlock& block : level.blocks) h = block.forward(backend, std::move(h), stop);
    stop.check();
    if (level.downsample != nullptr) h = downsample(backend, h, *level.downsample);
  }
  return norm_out_.forward(backend, mid_.forward(backend, std::move(h), stop), stop);
}

Decoder::Decoder(const AutoEncoderConfig& config, WeightLoader& weights)
    : conv_in_(weights.conv("decoder.conv_in", config.z_channels, config.channels.back(), kKernel)),
      mid_(weights, "decoder.mid", config.channels.back(), config.norm_num_groups),
      up_(config.channels.size()),
      norm_out_(weights, "decoder.norm_out", "decoder.conv_out", config.channels.front(), config.out_channels,
                config.norm_num_groups) {
  std::int64_t before = config.channels.back();
  for (std::size_t i = config.channels.size(); i-- > 0;) {
    const std::string name = "decoder.up." + std::to_string(i);
    const std::int64_t channels = config.channels[i];
    for (std::int64_t block = 0; block <= config.num_res_blocks; ++block) {
      up_[i].blocks.emplace_back(weights, block_name(name, block), std::exchange(before, channels), channels,
                                 config.norm_num_groups);
    }
    if (i > 0) up_[i].upsample = weights.conv(name + ".upsample.conv", channels, channels, kKernel);
  }
}

Tensor Decoder::forward(Backend& backend, const Tensor& z, const StopToken& stop) const {
  Tensor h = mid_.forward(backend, backend.conv2d(z, *conv_in_, padded(), nullptr), stop);
  for (auto level = up_.rbegin(); level != up_.rend(); ++level) {
    for (const ResnetBlock& block : level->blocks) h = block.forward(backend, std::move(h), stop);
    if (level->upsample != nullptr) h = upsample(backend, h, *level->upsample, stop);
  }
  return norm_out_.forward(backend, h, stop);
}

AutoEncoder::AutoEncoder(const AutoEncoderConfig& config, WeightLoader& weights)
    : config_(config), backend_(weights.backend()), encoder_(config, weights), decoder_(config, weights) {}

NameMap AutoEncoder::name_map(const AutoEncoderConfig& config, const TensorSource& source) {
  return autoencoder_name_map(source, config.channels.size());
}

bool AutoEncoder::is_ignored(std::string_view) {
  return false;
}

// x·factor + offset, in place.
void AutoEncoder::rescale(Tensor& x, double factor, double offset) const {
  const std::int64_t channels = x.shape()[-1];
  const std::vector<float> scale(static_cast<std::size_t>(channels), static_cast<float>(factor - 1.0));
  const std::vector<float> shift(static_cast<std::size_t>(channels), static_cast<float>(offset));
  Tensor pixels = x.reshaped({x.shape().row_count(), channels});
  backend_->scale_shift(pixels, backend_->upload(view_of(scale, {channels}), DType::f32),
                        backend_->upload(view_of(shift, {channels}), DType::f32));
}

Tensor AutoEncoder::encode(const Tensor& image, const StopToken& stop) const {
  const Shape& shape = image.shape();
  if (shape.rank() != 3 || shape[2] != config_.in_channels || shape[0] < 1 || shape[1] < 1 ||
      shape[0] % config_.downscale() != 0 || shape[1] % config_.downscale() != 0) {
    fail(codes::kInvalidValue, "[AutoEncoder] a picture of shape " + shape.to_string() + " must have sides that are " +
                                   "multiples of " + std::to_string(config_.downscale()) + " and " +
                                   std::to_string(config_.in_channels) + " channels");
  }
  const Tensor moments = encoder_.forward(*backend_, compute_copy(*backend_, image), stop);
  const std::int64_t height = moments.shape()[0], width = moments.shape()[1], z = config_.z_channels;
  Tensor mean = backend_->slice_columns(moments.reshaped({height * width, 2 * z}), 0, z);
  // Trap: the shift comes before the scale, s·(mean - shift).
  rescale(mean, config_.scale_factor, -config_.scale_factor * config_.shift_factor);
  return mean.reshaped({height, width, z});
}

Tensor AutoEncoder::decode(const Tensor& latents, const StopToken& stop) const {
  const Shape& shape = latents.shape();
  if (shape.rank() != 3 || shape[2] != config_.z_channels || shape[0] < 1 || shape[1] < 1) {
    fail(codes::kInvalidValue, "[AutoEncoder] latents of shape " + shape.to_string() + " must have " +
                                   std::to_string(config_.z_channels) + " channels");
  }
  Tensor z = compute_copy(*backend_, latents);
  rescale(z, 1.0 / config_.scale_factor, config_.shift_factor);
  return decoder_.forward(*backend_, z, stop);
}

}  // namespace palimpsest
