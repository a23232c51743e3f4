#include "shared/tensor/op_checks.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

/// Checks look at shapes and dtypes only, so that any address will do.
Tensor shaped(const Shape& shape, DType dtype = DType::f32) {
  static float memory[1];
  return {shape, dtype, std::make_shared<Storage>(memory, sizeof(memory))};
}

/// The message of the refusal, or "" if there was none.
std::string refusal(const std::function<void()>& action) {
  try {
    action();
    return "";
  } catch (const PalimpsestError& error) {
    CHECK(error.error().code == codes::kInvalidValue);
    return error.what();
  }
}

bool names(const std::string& message, const std::string& op, const std::string& detail) {
  return message.rfind("[" + op + "] ", 0) == 0 && message.find(detail) != std::string::npos;
}

TEST_CASE("linear wants matching widths, room in out, and numbers") {
  const LinearWeight w(6, 4);
  const Tensor x = shaped({5, 6}), out = shaped({5, 10});
  CHECK(refusal([&] { check_linear(x, w, out, 6); }).empty());
  CHECK(names(refusal([&] { check_linear(shaped({5, 7}), w, out, 0); }), "linear", "(5, 7)"));
  CHECK(names(refusal([&] { check_linear(x, w, out, 7); }), "linear", "column 7"));
  CHECK(names(refusal([&] { check_linear(x, w, out, -1); }), "linear", "column -1"));
  CHECK(names(refusal([&] { check_linear(x, w, shaped({4, 10}), 0); }), "linear", "(4, 10)"));
  CHECK(names(refusal([&] { check_linear(shaped({30}), w, out, 0); }), "linear", "2 dimensions"));
  CHECK(names(refusal([&] { check_linear(shaped({5, 6}, DType::i32), w, out, 0); }), "linear", "i32"));
  CHECK(names(refusal([&] { check_linear(Tensor(), w, out, 0); }), "linear", "empty"));
}

TEST_CASE("linear_residual wants a residual and a gate of the output's width") {
  const LinearWeight w(6, 4);
  const Tensor x = shaped({5, 6}), residual = shaped({5, 4}), gate = shaped({4});
  CHECK(refusal([&] { check_linear_residual(x, w, &gate, residual); }).empty());
  CHECK(refusal([&] { check_linear_residual(x, w, nullptr, residual); }).empty());
  CHECK(names(refusal([&] { check_linear_residual(x, w, nullptr, shaped({5, 5})); }), "linear_residual", "4 columns"));
  const Tensor short_gate = shaped({3}), bf16_gate = shaped({4}, DType::bf16);
  CHECK(names(refusal([&] { check_linear_residual(x, w, &short_gate, residual); }), "linear_residual", "(3)"));
  CHECK(names(refusal([&] { check_linear_residual(x, w, &bf16_gate, residual); }), "linear_residual", "bf16"));
}

TEST_CASE("attention wants three equal parts that split into heads") {
  const Tensor qkv = shaped({7, 24}), out = shaped({7, 8});
  CHECK(check_attention(qkv, 2, {}, out, 0) == 4);
  CHECK(names(refusal([&] { check_attention(qkv, 3, {}, out, 0); }), "attention", "3 heads"));
  CHECK(names(refusal([&] { check_attention(qkv, 0, {}, out, 0); }), "attention", "0 heads"));
  CHECK(names(refusal([&] { check_attention(qkv, 2, {}, out, 1); }), "attention", "column 1"));
  AttentionOptions options;
  options.first_query = 8;
  CHECK(names(refusal([&] { check_attention(qkv, 2, options, out, 0); }), "attention", "first_query 8"));
  options.first_query = 5;
  CHECK(refusal([&] { check_attention(qkv, 2, options, shaped({2, 8}), 0); }).empty());
  const Tensor bias = shaped({2, 13}), narrow = shaped({2, 7}), brain = shaped({2, 13}, DType::bf16);
  AttentionOptions biased;
  biased.relative_bias = &bias;
  CHECK(refusal([&] { check_attention(qkv, 2, biased, out, 0); }).empty());
  biased.relative_bias = &narrow;
  CHECK(names(refusal([&] { check_attention(qkv, 2, biased, out, 0); }), "attention", "(2, 13)"));
  biased.relative_bias = &brain;
  CHECK(names(refusal([&] { check_attention(qkv, 2, biased, out, 0); }), "attention", "bf16"));
}

TEST_CASE("rotations want an f32 table with a pair for every two values") {
  CHECK(refusal([] { check_rope(shaped({5, 3, 8}), shaped({5, 4, 2})); }).empty());
  CHECK(names(refusal([] { check_rope(shaped({5, 3, 8}), shaped({4, 4, 2})); }), "rope", "(4, 4, 2)"));
  CHECK(names(refusal([] { check_rope(shaped({5, 3, 7}), shaped({5, 3, 2})); }), "rope", "(5, 3, 7)"));
  CHECK(names(refusal([] { check_rope(shaped({5, 3, 8}), shaped({5, 4, 2}, DType::bf16)); }), "rope", "f32"));
  const Tensor qkv = shaped({5, 24}), weight = shaped({4}), pe = shaped({5, 2, 2});
  CHECK(refusal([&] { check_qk_norm_rope(qkv, 2, weight, weight, pe); }).empty());
  CHECK(names(refusal([&] { check_qk_norm_rope(qkv, 2, weight, shaped({5}), pe); }), "qk_norm_rope", "(5)"));
  CHECK(
      names(refusal([&] { check_qk_norm_rope(qkv, 2, weight, shaped({4}, DType::bf16), pe); }), "qk_norm_rope", "f32"));
  CHECK(names(refusal([&] { check_qk_norm_rope(qkv, 8, weight, weight, pe); }), "qk_norm_rope", "even width"));
  CHECK(names(refusal([&] {
                check_qk_norm_rope(qkv, 2, weight, weight, shaped({6, 2, 2}));
              }),
              "qk_norm_rope", "(6, 2, 2)"));
}

TEST_CASE("group_norm wants channels that split into the groups") {
  const Tensor x = shaped({3, 4, 12}), vector = shaped({12});
  CHECK(refusal([&] { check_group_norm(x, 4, vector, vector); }).empty());
  CHECK(names(refusal([&] { check_group_norm(x, 5, vector, vector); }), "group_norm", "5 groups"));
  CHECK(names(refusal([&] { check_group_norm(x, 4, vector, shaped({11})); }), "group_norm", "(11)"));
}

TEST_CASE("conv2d knows the size of its result and refuses pictures smaller than the kernel") {
  const ConvWeight w(4, 6, 3);
  CHECK(check_conv2d(shaped({8, 6, 4}), w, {2, 0, 0, 1, 1}, nullptr) == Shape{4, 3, 6});
  CHECK(names(refusal([&] { check_conv2d(shaped({2, 6, 4}), w, {}, nullptr); }), "conv2d", "smaller"));
  CHECK(names(refusal([&] { check_conv2d(shaped({8, 6, 5}), w, {}, nullptr); }), "conv2d", "4 input channels"));
  CHECK(names(refusal([&] { check_conv2d(shaped({8, 6, 4}), w, {0}, nullptr); }), "conv2d", "stride"));
  CHECK(names(refusal([&] { check_conv2d(shaped({8, 6, 4}), w, {1, -1}, nullptr); }), "conv2d", "padding"));
  const Tensor residual = shaped({6, 4, 5});
  CHECK(names(refusal([&] { check_conv2d(shaped({8, 6, 4}), w, {}, &residual); }), "conv2d", "(6, 4, 6)"));
}

TEST_CASE("columns and shapes are held to the tensor") {
  CHECK(refusal([] { check_columns("slice_columns", shaped({2, 9}), 4, 5); }).empty());
  CHECK(names(refusal([] { check_columns("slice_columns", shaped({2, 9}), 5, 5); }), "slice_columns", "[5, 10)"));
  CHECK(names(refusal([] { check_columns("slice_columns", shaped({2, 9}), -1, 5); }), "slice_columns", "[-1, 4)"));
  CHECK(names(refusal([] { check_same_shape("add", shaped({2, 9}), shaped({9, 2})); }), "add", "(9, 2)"));
  CHECK(names(refusal([] { check_embedding(shaped({9, 2}), shaped({3})); }), "embedding", "i32"));
}

TEST_CASE("weight parts stack along their rows") {
  const std::vector<float> values(64);
  const HostView weights[] = {view_of(std::span(values).first(12), {3, 4}),
                              view_of(std::span(values).first(8), {2, 4})};
  const HostView biases[] = {view_of(std::span(values).first(5), {5})};
  CHECK(check_linear_parts(weights, biases) == Shape{5, 4});
  CHECK(check_linear_parts(weights, {}) == Shape{5, 4});
  const HostView wrong_bias[] = {view_of(std::span(values).first(4), {4})};
  CHECK(names(refusal([&] { check_linear_parts(weights, wrong_bias); }), "prepare_linear", "4 values"));
  const HostView uneven[] = {weights[0], view_of(std::span(values).first(9), {3, 3})};
  CHECK(names(refusal([&] { check_linear_parts(uneven, {}); }), "prepare_linear", "do not stack"));
  CHECK(names(refusal([&] { check_linear_parts({}, {}); }), "prepare_linear", "no weight"));
}

TEST_CASE("a convolution is square and has a bias for each output") {
  const std::vector<float> values(64);
  const HostView weight = view_of(std::span(values).first(54), {3, 2, 3, 3});
  CHECK(refusal([&] { check_conv_parts(weight, view_of(std::span(values).first(3), {3})); }).empty());
  CHECK(names(refusal([&] { check_conv_parts(weight, view_of(std::span(values).first(2), {2})); }), "prepare_conv",
              "square"));
  CHECK(names(
      refusal([&] {
        check_conv_parts(view_of(std::span(values).first(36), {3, 2, 3, 2}), view_of(std::span(values).first(3), {3}));
      }),
      "prepare_conv", "square"));
}

}  // namespace
}  // namespace palimpsest
