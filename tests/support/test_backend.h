// The backend that tests of networks run on.
#pragma once

#include <vector>

#include "shared/portable/portable_backend.h"

namespace palimpsest::testing {

/// PortableBackend in the calling thread.
class TestBackend {
 public:
  explicit TestBackend(DType dtype = DType::f32) : backend_(serial_, dtype) {}

  Backend& operator*() { return backend_; }
  Backend* operator->() { return &backend_; }

  Tensor upload(const std::vector<float>& values, const Shape& shape) {
    return backend_.upload(view_of(values, shape), backend_.compute_dtype());
  }
  std::vector<float> download(const Tensor& tensor) {
    std::vector<float> values(static_cast<std::size_t>(tensor.shape().element_count()));
    backend_.download(tensor, values);
    return values;
  }

 private:
  SerialParallel serial_;
  PortableBackend backend_;
};

}  // namespace palimpsest::testing
