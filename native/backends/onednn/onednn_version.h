// The only lines of this project that differ between oneDNN 2.x and 3.x.
#pragma once

#include <dnnl.hpp>

namespace palimpsest::onednn {

/// `bias` may be nullptr.
inline dnnl::matmul::primitive_desc describe_matmul(const dnnl::engine& engine, const dnnl::memory::desc& source,
                                                    const dnnl::memory::desc& weights, const dnnl::memory::desc* bias,
                                                    const dnnl::memory::desc& destination,
                                                    const dnnl::primitive_attr& attributes) {
#if DNNL_VERSION_MAJOR >= 3
  if (bias == nullptr) return {engine, source, weights, destination, attributes};
  return {engine, source, weights, *bias, destination, attributes};
#else
  if (bias == nullptr) return {dnnl::matmul::desc(source, weights, destination), attributes, engine};
  return {dnnl::matmul::desc(source, weights, *bias, destination), attributes, engine};
#endif
}

struct ConvolutionShape {
  dnnl::memory::desc source, weights, bias, destination;
  dnnl::memory::dims strides, padding_begin, padding_end;
};

inline dnnl::convolution_forward::primitive_desc describe_convolution(const dnnl::engine& engine,
                                                                      const ConvolutionShape& s,
                                                                      const dnnl::primitive_attr& attributes) {
  constexpr auto kInference = dnnl::prop_kind::forward_inference;
  constexpr auto kDirect = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  return {engine,        kInference, kDirect,         s.source,      s.weights, s.bias,
          s.destination, s.strides,  s.padding_begin, s.padding_end, attributes};
#else
  const dnnl::convolution_forward::desc operation(kInference, kDirect, s.source, s.weights, s.bias, s.destination,
                                                  s.strides, s.padding_begin, s.padding_end);
  return {operation, attributes, engine};
#endif
}

inline void append_eltwise(dnnl::post_ops& operations, dnnl::algorithm algorithm, float alpha) {
#if DNNL_VERSION_MAJOR >= 3
  operations.append_eltwise(algorithm, alpha, 0.0F);
#else
  operations.append_eltwise(1.0F, algorithm, alpha, 0.0F);
#endif
}

}  // namespace palimpsest::onednn
