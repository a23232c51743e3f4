#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shared/base/json.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest {

/// The tensors of one safetensors file that lies in memory (as a rule: mapped). Only the header is read; the views
/// point into the file and may be unaligned for their dtype.
class SafetensorsView final : public TensorSource {
 public:
  struct NamedTensor {
    std::string name;
    HostView view;
  };

  /// `file` is the whole file and stays valid as long as `owner` (or, without one, as long as this object).
  /// Errors: PalimpsestError with a `MODEL_…` code and "description: byte N: …" for a file that is not exactly in the
  /// format: the data must be covered without holes and overlaps, sizes must agree with shapes, nothing may follow.
  /// Limits: header 100,000,000 bytes, 65,536 tensors, 16 MiB of metadata, a file of 1 TiB.
  /// Source: safetensors format, README of huggingface/safetensors, "Format".
  SafetensorsView(std::span<const std::byte> file, std::string description,
                  std::shared_ptr<const void> owner = nullptr);

  const HostView* find(std::string_view name) const override;
  std::vector<std::string> names() const override;
  std::string description() const override { return description_; }

  /// In the order of the file.
  std::span<const NamedTensor> tensors() const { return tensors_; }
  /// `__metadata__`: the values are strings. Empty where the file has none.
  const Json::Object& metadata() const { return metadata_; }

 private:
  void read(std::span<const std::byte> file);

  std::string description_;
  std::shared_ptr<const void> owner_;
  std::vector<NamedTensor> tensors_;
  std::vector<std::uint32_t> by_name_;  // indices of tensors_, sorted by name
  Json::Object metadata_;
};

}  // namespace palimpsest
