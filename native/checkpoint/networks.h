#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/json.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest {

enum class NetworkKind { transformer, autoencoder, clip, t5 };

/// Whose names the tensors bear: the original release's (BFL), diffusers' or transformers'.
enum class NetworkNames { bfl, diffusers, transformers };

/// One network found in a source.
struct FoundNetwork {
  NetworkKind kind;
  NetworkNames names;
  std::string prefix;  ///< what stands before its names in this source: `model.diffusion_model.`
};

/// "FLUX transformer", "AutoEncoder", "CLIP text encoder", "T5 encoder".
std::string_view name_of(NetworkKind kind);
/// "BFL", "diffusers", "transformers".
std::string_view name_of(NetworkNames names);

/// All networks that the tensors' names tell of, in the order of NetworkKind; of each kind the first that is found.
std::vector<FoundNetwork> recognise_networks(const TensorSource& source);

/// The one of `kind` among them.
std::optional<FoundNetwork> recognise_network(const TensorSource& source, NetworkKind kind);

/// Whether the names are those of a LoRA (in any of the usual spellings).
bool is_lora(const TensorSource& source);

/// Depths and widths that names and shapes tell, for people: `{"hidden_size": 3072, "double_blocks": 19, …}`.
/// Figures that the shapes do not give are left out.
Json::Object figures_of(const TensorSource& source, const FoundNetwork& network);

}  // namespace palimpsest
