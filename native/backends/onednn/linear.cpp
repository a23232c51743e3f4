// Linear layers as pieces of [kPieceRows rows, one panel of columns], each one single-threaded matmul of the library
// into a dense tile in the cache, which is then copied to its place: the library's fast kernels take dense results
// only, and a copy of a tile costs a hundredth of its product.
#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "native/backends/onednn/library.h"
#include "native/backends/onednn/onednn_version.h"
#include "shared/tensor/op_checks.h"

namespace palimpsest {
namespace {

using dnnl::memory;

// Measured: pieces from 128 × 512 on run at the rate of the whole product; few-row layers are spread by columns.
constexpr std::int64_t kPieceRows = 128;
constexpr std::int64_t kPanelColumns = 512;

constexpr auto kFloat = memory::data_type::f32;

memory::desc dense(std::int64_t rows, std::int64_t columns, memory::data_type type) {
  return {{rows, columns}, type, memory::format_tag::ab};
}

/// Columns [begin, begin + columns) of a layer's result with their packed weights.
struct Panel {
  std::int64_t begin = 0, columns = 0;
  memory::desc layout;  ///< of the weights [C, columns]
  std::shared_ptr<Storage> weights;
};

class PackedPanels final : public LinearWeight {
 public:
  PackedPanels(std::int64_t in_features, std::int64_t out_features, std::vector<Panel> panels,
               std::shared_ptr<Storage> bias)
      : LinearWeight(in_features, out_features), panels_(std::move(panels)), bias_(std::move(bias)) {}

  const std::vector<Panel>& panels() const { return panels_; }
  /// nullptr where the layer has none.
  float* bias() const { return bias_ ? static_cast<float*>(bias_->address()) : nullptr; }

 private:
  std::vector<Panel> panels_;
  std::shared_ptr<Storage> bias_;
};

/// The layout the library likes best for weights [in_features, columns]; few rows take the same.
memory::desc packed_layout(const dnnl::engine& engine, std::int64_t in_features, std::int64_t columns,
                           memory::data_type type) {
  const memory::desc any({in_features, columns}, type, memory::format_tag::any);
  return onednn::describe_matmul(engine, dense(kPieceRows, in_features, type), any, nullptr,
                                 dense(kPieceRows, columns, type), attributes_with({}))
      .weights_desc();
}

/// All bias parts, one after the other, as f32; nullptr without parts.
std::shared_ptr<Storage> stacked_bias(PortableBackend& backend, HostMemory& memory, std::int64_t count,
                                      std::span<const HostView> parts) {
  if (parts.empty()) return nullptr;
  auto storage = memory.allocate_weights(static_cast<std::uint64_t>(count) * sizeof(float));
  std::int64_t begin = 0;
  for (const HostView& part : parts) {
    const std::int64_t length = part.shape.element_count();
    Tensor place({length}, DType::f32, storage, static_cast<std::size_t>(begin) * sizeof(float));
    backend.copy(backend.upload({part.dtype, Shape{length}, part.bytes}, DType::f32), place);
    begin += length;
  }
  return storage;
}

dnnl::post_ops activation_of(Activation act) {
  dnnl::post_ops operations;
  if (act == Activation::gelu_tanh) onednn::append_eltwise(operations, dnnl::algorithm::eltwise_gelu_tanh, 0.0F);
  if (act == Activation::quick_gelu) onednn::append_eltwise(operations, dnnl::algorithm::eltwise_swish, 1.702F);
  if (act == Activation::silu) onednn::append_eltwise(operations, dnnl::algorithm::eltwise_swish, 1.0F);
  return operations;
}

/// One matmul of a fixed size, shared by all pieces of that size.
struct Product {
  explicit Product(const dnnl::matmul::primitive_desc& description)
      : primitive(description),
        source(description.src_desc()),
        destination(description.dst_desc()),
        scratchpad(description.scratchpad_desc()) {}

  std::size_t tile_bytes() const { return aligned_bytes(destination.get_size()); }

  dnnl::matmul primitive;
  memory::desc source, destination, scratchpad;
};

}  // namespace

/// out[:, out_column :] = act(x·Wᵀ + b), or out += gate ⊙ (x·Wᵀ + b).
struct OneDnnBackend::LinearCall {
  const Tensor& x;
  const PackedPanels& weights;
  Activation act;
  bool accumulate;
  const Tensor* gate;
  Tensor& out;
  std::int64_t out_column;

  std::int64_t rows() const { return x.shape()[0]; }
  std::int64_t row_pieces() const { return (rows() + kPieceRows - 1) / kPieceRows; }
  /// Pieces of nearly equal size: as many as row_pieces, the last one smaller.
  std::int64_t piece_rows() const { return (rows() + row_pieces() - 1) / row_pieces(); }

  Product product(const dnnl::engine& engine, std::int64_t piece, const Panel& panel) const {
    dnnl::post_ops operations = activation_of(act);
    if (gate != nullptr) operations.append_binary(dnnl::algorithm::binary_mul, dense(1, panel.columns, kFloat));
    if (accumulate) operations.append_sum(1.0F);
    const memory::desc bias = dense(1, panel.columns, kFloat);
    return Product(onednn::describe_matmul(engine, dense(piece, weights.in_features(), library_type(x.dtype())),
                                           panel.layout, weights.bias() != nullptr ? &bias : nullptr,
                                           dense(piece, panel.columns, library_type(out.dtype())),
                                           attributes_with(operations)));
  }

  /// Moves a tile [count, panel.columns] at row `begin` between out and the dense `tile`.
  void move_tile(std::int64_t begin, std::int64_t count, const Panel& panel, std::byte* tile, bool into_out) const {
    const std::int64_t element = bits_of(out.dtype()) / 8;
    const std::int64_t out_stride = out.shape()[1] * element;
    const std::int64_t bytes = panel.columns * element;
    std::byte* place = out.data<std::byte>() + begin * out_stride + (out_column + panel.begin) * element;
    for (std::int64_t row = 0; row < count; ++row, place += out_stride, tile += bytes) {
      std::memcpy(into_out ? place : tile, into_out ? tile : place, static_cast<std::size_t>(bytes));
    }
  }

  void run_piece(const dnnl::engine& engine, const Product& product, PieceWorker& worker, std::int64_t begin,
                 std::int64_t count, const Panel& panel) const {
    std::byte* tile = worker.scratch;
    if (accumulate) move_tile(begin, count, panel, tile, false);
    const std::int64_t element = bits_of(x.dtype()) / 8;
    const auto at = [&](const memory::desc& layout, void* address) { return dnnl::memory(layout, engine, address); };
    std::unordered_map<int, dnnl::memory> arguments = {
        {DNNL_ARG_SRC, at(product.source, x.data<std::byte>() + begin * weights.in_features() * element)},
        {DNNL_ARG_WEIGHTS, at(panel.layout, panel.weights->address())},
        {DNNL_ARG_DST, at(product.destination, tile)},
        {DNNL_ARG_SCRATCHPAD, at(product.scratchpad, tile + product.tile_bytes())}};
    const memory::desc channels = dense(1, panel.columns, kFloat);
    if (weights.bias() != nullptr) arguments.emplace(DNNL_ARG_BIAS, at(channels, weights.bias() + panel.begin));
    if (gate != nullptr) {
      arguments.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1,
                        at(channels, gate->data<float>() + panel.begin));
    }
    product.primitive.execute(worker.stream, arguments);
    worker.stream.wait();
    move_tile(begin, count, panel, tile, true);
  }
};

LinearWeightPtr OneDnnBackend::prepare_linear(std::span<const HostView> weights, std::span<const HostView> biases) {
  const Shape shape = check_linear_parts(weights, biases);
  std::vector<Panel> panels;
  const auto describe = [&] { return "[prepare_linear] weight " + shape.to_string(); };
  const auto type = library_type(compute_dtype());
  std::int64_t begin = 0;
  guarded(static_cast<std::size_t>(required_bytes(shape, compute_dtype())), describe, [&] {
    for (const HostView& part : weights) {
      // Panels never cross parts, so that each is one piece of one file.
      const Tensor rows = upload(part, compute_dtype());
      const std::size_t first = panels.size();
      for (std::int64_t row = 0; row < part.shape[0]; row += kPanelColumns) {
        const std::int64_t columns = std::min(kPanelColumns, part.shape[0] - row);
        const memory::desc layout = packed_layout(library_->engine, shape[1], columns, type);
        panels.push_back({begin + row, columns, layout, memory().allocate_weights(layout.get_size())});
      }
      library_->run_pieces(*this, static_cast<std::int64_t>(panels.size() - first), 0,
                           [&](PieceWorker& worker, std::int64_t i) {
                             const Panel& panel = panels[first + static_cast<std::size_t>(i)];
                             const memory::desc stored({shape[1], panel.columns}, type, memory::format_tag::ba);
                             const Tensor source = rows.rows(panel.begin - begin, panel.columns);
                             dnnl::memory from(stored, library_->engine, source.data<std::byte>());
                             dnnl::memory to(panel.layout, library_->engine, panel.weights->address());
                             dnnl::reorder(from, to).execute(worker.stream, from, to);
                             worker.stream.wait();
                           });
      begin += part.shape[0];
    }
  });
  return std::make_shared<PackedPanels>(shape[1], shape[0], std::move(panels),
                                        stacked_bias(*this, memory(), shape[0], biases));
}

void OneDnnBackend::run_linear(const char* op, const LinearCall& call) {
  if (call.rows() == 0) return;
  if (call.out.dtype() != DType::f32 && call.out.dtype() != compute_dtype()) {
    fail(codes::kInvalidValue, "[" + std::string(op) + "] out must be f32 or " + std::string(name_of(compute_dtype())) +
                                   ", not " + std::string(name_of(call.out.dtype())));
  }
  const auto describe = [&] {
    return "[" + std::string(op) + "] x " + call.x.shape().to_string() + " and weight " +
           Shape{call.weights.out_features(), call.weights.in_features()}.to_string();
  };
  guarded(call.x.size_bytes() + call.out.size_bytes(), describe, [&] {
    const std::vector<Panel>& panels = call.weights.panels();
    const std::int64_t rows = call.piece_rows(), row_pieces = call.row_pieces();
    std::map<std::pair<std::int64_t, std::int64_t>, Product> products;
    std::size_t scratch_bytes = 0;
    for (const std::int64_t count : {rows, call.rows() - rows * (row_pieces - 1)}) {
      for (const Panel& panel : panels) {
        const std::pair key(count, panel.columns);
        if (products.count(key) != 0) continue;
        const Product& product = products.emplace(key, call.product(library_->engine, count, panel)).first->second;
        scratch_bytes = std::max(scratch_bytes, product.tile_bytes() + product.scratchpad.get_size());
      }
    }
    // Rows run fastest, so that a panel of weights is read from memory once.
    library_->run_pieces(
        *this, row_pieces * static_cast<std::int64_t>(panels.size()), scratch_bytes,
        [&](PieceWorker& worker, std::int64_t piece) {
          const Panel& panel = panels[static_cast<std::size_t>(piece / row_pieces)];
          const std::int64_t begin = piece % row_pieces * rows;
          const std::int64_t count = std::min(rows, call.rows() - begin);
          call.run_piece(library_->engine, products.at({count, panel.columns}), worker, begin, count, panel);
        });
  });
}

namespace {

const PackedPanels& own_weights(const char* op, const LinearWeight& w) {
  const auto* panels = dynamic_cast<const PackedPanels*>(&w);
  if (panels == nullptr) {
    fail(codes::kInvalidValue, "[" + std::string(op) + "] the weights were prepared by another backend");
  }
  return *panels;
}

}  // namespace

void OneDnnBackend::linear(const Tensor& x, const LinearWeight& w, Activation act, Tensor& out,
                           std::int64_t out_column) {
  check_linear(x, w, out, out_column);
  const Tensor source = in_compute_dtype(x);
  run_linear("linear", {source, own_weights("linear", w), act, false, nullptr, out, out_column});
}

void OneDnnBackend::linear_residual(const Tensor& x, const LinearWeight& w, const Tensor* gate, Tensor& residual) {
  check_linear_residual(x, w, gate, residual);
  const Tensor source = in_compute_dtype(x);
  run_linear("linear_residual", {source, own_weights("linear_residual", w), Activation::none, true, gate, residual, 0});
}

}  // namespace palimpsest
