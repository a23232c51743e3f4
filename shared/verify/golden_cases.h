#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/weights/tensor_source.h"

namespace palimpsest {

/// One case of a golden file: the tensors whose names begin with its prefix ("case0.", or nothing), one row of the
/// batch at a time. Errors: `MODEL_TENSOR_MISSING`, `MODEL_ARCH_MISMATCH` for shapes that do not belong together.
class GoldenCase {
 public:
  GoldenCase(const TensorSource& source, std::string prefix, std::int64_t batch_index)
      : source_(source), prefix_(std::move(prefix)), batch_index_(batch_index) {}

  /// "case1 (2nd of batch)" is "case1/1".
  std::string name() const;
  bool has(const std::string& tensor) const { return source_.find(prefix_ + tensor) != nullptr; }
  /// Shape without the batch axis.
  Shape shape(const std::string& tensor) const;
  /// This row of the batch as f32.
  std::vector<float> floats(const std::string& tensor) const;
  /// This row of the batch, stored as i32.
  std::vector<std::int32_t> integers(const std::string& tensor) const;
  /// The only value of an i32 tensor without batch axis.
  std::int64_t single_integer(const std::string& tensor) const;
  /// Names of this case's tensors that begin with `start`, without prefix and start.
  std::vector<std::string> names(const std::string& start) const;

 private:
  const HostView& view(const std::string& tensor) const;
  HostView row(const std::string& tensor) const;

  const TensorSource& source_;
  std::string prefix_;
  std::int64_t batch_index_;
};

/// All cases of a golden file, that is all that have `input`, and each row of their batches.
std::vector<GoldenCase> golden_cases(const TensorSource& source, const std::string& input);

}  // namespace palimpsest
