// Convolutions as bands of output rows, each one single-threaded call of the library on channels-last data; a band
// reads its halo of input rows where they lie.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "native/backends/onednn/library.h"
#include "native/backends/onednn/onednn_version.h"
#include "shared/tensor/op_checks.h"

namespace palimpsest {
namespace {

using dnnl::memory;

// Enough output pixels for the kernels' full rate and few enough for all threads to have bands.
constexpr std::int64_t kBandPixels = 1024;
constexpr std::int64_t kBandRows = 4;

class PackedConvolution final : public ConvWeight {
 public:
  PackedConvolution(std::int64_t in_channels, std::int64_t out_channels, std::int64_t kernel_size,
                    const memory::desc& layout_of_weights, std::shared_ptr<Storage> packed, Tensor bias_values)
      : ConvWeight(in_channels, out_channels, kernel_size),
        layout(layout_of_weights),
        weights(std::move(packed)),
        bias(std::move(bias_values)) {}

  const memory::desc layout;
  const std::shared_ptr<Storage> weights;
  const Tensor bias;
};

memory::desc picture(std::int64_t channels, std::int64_t height, std::int64_t width, memory::data_type type) {
  return {{1, channels, height, width}, type, memory::format_tag::nhwc};
}

memory::desc bias_layout(std::int64_t channels) {
  return {{channels}, memory::data_type::f32, memory::format_tag::x};
}

/// The layout the library likes best for a kernel, asked with a picture of middling size.
memory::desc packed_layout(const dnnl::engine& engine, const memory::dims& dims, memory::data_type type) {
  constexpr std::int64_t kSide = 32;
  const std::int64_t kernel = dims[2], pad = kernel / 2;
  const std::int64_t out_side = kSide + 2 * pad - kernel + 1;
  return onednn::describe_convolution(engine,
                                      {picture(dims[1], kSide, kSide, type),
                                       memory::desc(dims, type, memory::format_tag::any),
                                       bias_layout(dims[0]),
                                       picture(dims[0], out_side, out_side, type),
                                       {1, 1},
                                       {pad, pad},
                                       {pad, pad}},
                                      attributes_with({}))
      .weights_desc();
}

/// Output rows [begin, begin + rows) and what they read.
struct Band {
  Band(const ConvOptions& options, std::int64_t kernel_size, std::int64_t in_height, std::int64_t first,
       std::int64_t count)
      : begin(first), rows(count) {
    const std::int64_t top = first * options.stride - options.pad_top;
    const std::int64_t bottom = (first + count - 1) * options.stride - options.pad_top + kernel_size;
    input_begin = std::clamp<std::int64_t>(top, 0, in_height);
    input_rows = std::clamp<std::int64_t>(bottom, 0, in_height) - input_begin;
    pad_top = input_begin - top;
    pad_bottom = bottom - input_begin - input_rows;
  }

  /// Bands that are equal in it are computed by the same primitive.
  using Key = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
  Key key() const { return {rows, input_rows, pad_top, pad_bottom}; }

  std::int64_t begin, rows, input_begin, input_rows, pad_top, pad_bottom;
};

dnnl::convolution_forward::primitive_desc describe_band(const dnnl::engine& engine, const PackedConvolution& w,
                                                        const Band& band, const ConvOptions& options,
                                                        std::int64_t in_width, std::int64_t out_width,
                                                        memory::data_type type, bool accumulate) {
  dnnl::post_ops operations;
  if (accumulate) operations.append_sum(1.0F);
  return onednn::describe_convolution(engine,
                                      {picture(w.in_channels(), band.input_rows, in_width, type),
                                       w.layout,
                                       bias_layout(w.out_channels()),
                                       picture(w.out_channels(), band.rows, out_width, type),
                                       {options.stride, options.stride},
                                       {band.pad_top, options.pad_left},
                                       {band.pad_bottom, options.pad_right}},
                                      attributes_with(operations));
}

const PackedConvolution& own_weights(const ConvWeight& w) {
  const auto* packed = dynamic_cast<const PackedConvolution*>(&w);
  if (packed == nullptr) fail(codes::kInvalidValue, "[conv2d] the weights were prepared by another backend");
  return *packed;
}

}  // namespace

ConvWeightPtr OneDnnBackend::prepare_conv(const HostView& weight, const HostView& bias) {
  check_conv_parts(weight, bias);
  const Tensor values = upload(weight, compute_dtype());
  const std::int64_t channels = weight.shape[0];
  ConvWeightPtr packed;
  guarded(
      values.size_bytes(), [&] { return "[prepare_conv] weight " + weight.shape.to_string(); },
      [&] {
        const dnnl::engine& engine = library_->engine;
        const memory::dims dims(weight.shape.dims().begin(), weight.shape.dims().end());
        const auto type = library_type(compute_dtype());
        const memory::desc layout = packed_layout(engine, dims, type);
        auto storage = memory().allocate_weights(layout.get_size());
        auto bias_storage = memory().allocate_weights(static_cast<std::uint64_t>(channels) * sizeof(float));
        Tensor bias_values({channels}, DType::f32, bias_storage);
        copy(upload({bias.dtype, Shape{channels}, bias.bytes}, DType::f32), bias_values);
        dnnl::memory from(memory::desc(dims, type, memory::format_tag::oihw), engine, values.data<std::byte>());
        dnnl::memory to(layout, engine, storage->address());
        dnnl::stream stream(engine);
        dnnl::reorder(from, to).execute(stream, from, to);
        stream.wait();
        packed = std::make_shared<PackedConvolution>(weight.shape[1], channels, weight.shape[2], layout,
                                                     std::move(storage), std::move(bias_values));
      });
  return packed;
}

Tensor OneDnnBackend::conv2d(const Tensor& x, const ConvWeight& w, const ConvOptions& options, const Tensor* residual) {
  const Shape shape = check_conv2d(x, w, options, residual);
  const PackedConvolution& packed = own_weights(w);
  const Tensor source = in_compute_dtype(x);
  Tensor out = allocate(shape, compute_dtype());
  if (residual != nullptr) copy(*residual, out);
  if (shape.element_count() == 0) return out;

  const auto describe = [&] {
    return "[conv2d] x " + x.shape().to_string() + " and kernel of " + std::to_string(w.kernel_size());
  };
  guarded(source.size_bytes() + out.size_bytes(), describe, [&] {
    const dnnl::engine& engine = library_->engine;
    const auto type = library_type(compute_dtype());
    const std::int64_t rows = std::max(kBandRows, (kBandPixels + shape[1] - 1) / shape[1]);
    std::vector<Band> bands;
    for (std::int64_t begin = 0; begin < shape[0]; begin += rows) {
      bands.emplace_back(options, w.kernel_size(), x.shape()[0], begin, std::min(rows, shape[0] - begin));
    }
    std::map<Band::Key, dnnl::convolution_forward::primitive_desc> plans;
    std::size_t scratch_bytes = 0;
    for (const Band& band : bands) {
      if (plans.count(band.key()) != 0) continue;
      const auto plan = describe_band(engine, packed, band, options, x.shape()[1], shape[1], type, residual != nullptr);
      scratch_bytes = std::max(scratch_bytes, plan.scratchpad_desc().get_size());
      plans.emplace(band.key(), plan);
    }
    library_->run_pieces(
        *this, static_cast<std::int64_t>(bands.size()), scratch_bytes, [&](PieceWorker& worker, std::int64_t i) {
          const Band& band = bands[static_cast<std::size_t>(i)];
          const auto& plan = plans.at(band.key());
          const auto at = [&](const memory::desc& layout, void* address) {
            return dnnl::memory(layout, engine, address);
          };
          dnnl::convolution_forward(plan).execute(
              worker.stream,
              {{DNNL_ARG_SRC, at(plan.src_desc(), source.rows(band.input_begin, band.input_rows).data<std::byte>())},
               {DNNL_ARG_WEIGHTS, at(packed.layout, packed.weights->address())},
               {DNNL_ARG_BIAS, at(bias_layout(w.out_channels()), packed.bias.data<std::byte>())},
               {DNNL_ARG_DST, at(plan.dst_desc(), out.rows(band.begin, band.rows).data<std::byte>())},
               {DNNL_ARG_SCRATCHPAD, at(plan.scratchpad_desc(), worker.scratch)}});
          worker.stream.wait();
        });
  });
  return out;
}

}  // namespace palimpsest
