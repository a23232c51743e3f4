// shared/weights: reads checkpoint formats from bytes in memory and refuses what is malformed.
// Included by shared/models and native/checkpoint; includes shared/base and shared/tensor.
// Start with tensor_source.h, the interface through which models see any checkpoint.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/tensor/tensor.h"

namespace palimpsest {

/// Named tensors of one network, wherever they are kept: one file, several shards, a generated set in a test.
/// Views stay valid as long as the source.
class TensorSource {
 public:
  virtual ~TensorSource() = default;

  /// The tensor called `name`, or nullptr.
  virtual const HostView* find(std::string_view name) const = 0;

  /// All names, in the order of the file.
  virtual std::vector<std::string> names() const = 0;

  /// What to call it in messages: a file or folder name.
  virtual std::string description() const = 0;
};

}  // namespace palimpsest
