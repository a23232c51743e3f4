#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "native/checkpoint/networks.h"
#include "native/checkpoint/weight_files.h"
#include "shared/base/json.h"

namespace palimpsest {

/// How many tensors of one dtype a set of weights has.
struct DTypeTotal {
  DType dtype = DType::f32;
  std::uint64_t tensors = 0, bytes = 0;
};

struct InspectedNetwork {
  FoundNetwork network;
  Json::Object figures;  ///< depths and widths, as figures_of()
};

struct InspectedTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
};

/// What can be said of one set of weights from its headers alone.
struct Inspection {
  std::string file;  ///< the file, or the index of its shards
  std::uint64_t files = 0, file_bytes = 0;
  std::uint64_t parameters = 0;    ///< elements of all tensors
  std::vector<DTypeTotal> dtypes;  ///< the one of most bytes first
  std::vector<InspectedNetwork> networks;
  bool is_lora = false;
  Json::Object metadata;
  std::vector<InspectedTensor> tensors;  ///< in the order of the file
};

/// Looks at a safetensors file, or at all sets of weights in a folder and its immediate sub-folders.
/// Errors: as open_weight_file, weight_sets_in and ModelFolder; `MODEL_NOT_FOUND` for a folder without weights.
std::vector<Inspection> inspect(const std::string& path);

/// For programs: an object whose keys are those of Inspection.
Json to_json(const Inspection& inspection);

}  // namespace palimpsest
